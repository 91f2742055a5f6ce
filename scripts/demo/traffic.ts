import http from "node:http";

/** What the generated users saw. */
export interface TrafficCounts {
  sent: number;
  /** Answers by status code. */
  readonly statuses: Map<number, number>;
  /** Requests without a complete answer: refused, reset, cut, or later than 10 s. */
  dropped: number;
  readonly causes: Map<string, number>;
}

export interface Traffic {
  readonly counts: TrafficCounts;
  /** Ends the traffic and waits for the answers that are still on their way. */
  stop(): Promise<TrafficCounts>;
}

/**
 * Users with a cookie of their own, each on connections of its own, that together send `perSecond`
 * requests in a second, evenly spaced.
 */
export function startTraffic(options: {
  readonly port: number;
  readonly users: number;
  readonly perSecond: number;
}): Traffic {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const counts: TrafficCounts = { sent: 0, statuses: new Map(), dropped: 0, causes: new Map() };
  const open = new Set<Promise<void>>();
  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * options.perSecond;
    while (counts.sent < due) {
      const user = `u${(counts.sent * 7919) % options.users}`;
      counts.sent += 1;
      const one = request(agent, options.port, user, counts).finally(() => open.delete(one));
      open.add(one);
    }
  }, 5);
  return {
    counts,
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
      return counts;
    },
  };
}

function request(
  agent: http.Agent,
  port: number,
  user: string,
  counts: TrafficCounts,
): Promise<void> {
  return new Promise((resolve) => {
    let isSettled = false;
    const settle = (cause: string | undefined, status?: number): void => {
      if (isSettled) return;
      isSettled = true;
      if (cause !== undefined) {
        counts.dropped += 1;
        counts.causes.set(cause, (counts.causes.get(cause) ?? 0) + 1);
      }
      if (status !== undefined) counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
      resolve();
    };
    const call = http.get(
      {
        host: "127.0.0.1",
        port,
        path: `/orders/${user}`,
        agent,
        headers: { cookie: `user=${user}` },
      },
      (response) => {
        response.resume();
        response.on("end", () =>
          settle(response.complete ? undefined : "cut", response.statusCode),
        );
        response.on("error", (error) => settle(`cut: ${error.message}`));
      },
    );
    call.setTimeout(10_000, () => call.destroy(new Error("no answer in 10 s")));
    call.on("error", (error) => settle(error.message));
  });
}
