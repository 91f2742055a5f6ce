import http from "node:http";

/** What the users of a test saw. */
export interface Seen {
  sent: number;
  /** Whole answers, by status code. */
  readonly statuses: Map<number, number>;
  /** Whole answers, by body. */
  readonly bodies: Map<string, number>;
  /** Requests without a whole answer, with why. */
  readonly dropped: string[];
}

export interface Traffic {
  readonly seen: Seen;
  /** Sends no more and waits for the answers on their way. */
  stop(): Promise<Seen>;
}

/** `users` users with a cookie each, who together send `perSecond` requests a second to the URL, evenly spaced. */
export function startTraffic(
  url: string,
  options: { readonly users: number; readonly perSecond: number },
): Traffic {
  const agent = new http.Agent({ keepAlive: true });
  const seen: Seen = { sent: 0, statuses: new Map(), bodies: new Map(), dropped: [] };
  const open = new Set<Promise<void>>();
  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * options.perSecond;
    while (seen.sent < due) {
      const user = `u${(seen.sent * 7919) % options.users}`;
      seen.sent += 1;
      const one = send(url, agent, user, seen).finally(() => open.delete(one));
      open.add(one);
    }
  }, 5);
  return {
    seen,
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
      return seen;
    },
  };
}

function send(url: string, agent: http.Agent, user: string, seen: Seen): Promise<void> {
  return new Promise((resolve) => {
    const drop = (why: string): void => {
      seen.dropped.push(why);
      resolve();
    };
    const headers = { cookie: `user=${user}` };
    const request = http.get(url, { agent, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", (error) => drop(error.message));
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (!response.complete) return drop("cut");
        seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1);
        seen.bodies.set(body, (seen.bodies.get(body) ?? 0) + 1);
        resolve();
      });
    });
    request.on("error", (error) => drop(error.message));
  });
}
