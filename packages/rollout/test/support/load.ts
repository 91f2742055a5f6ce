import { Agent, request } from "node:http";

export interface Load {
  /** Ends it and tells what came of it. */
  stop(): Promise<LoadResult>;
}

export interface LoadResult {
  readonly sent: number;
  /** By status, or by error message. */
  readonly results: Readonly<Record<string, number>>;
}

/** Users that keep asking, one request after the other, over keep-alive connections, until stopped. */
export function startLoad(
  target: { readonly host: string; readonly port: number },
  options: { readonly users: number; readonly clients: number },
): Load {
  const results: Record<string, number> = {};
  let sent = 0;
  let stopped = false;
  const client = async (number: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = number; !stopped; i += options.clients) {
      sent += 1;
      const result = await ask(target, agent, `user-${i % options.users}`, i % 3 === 0);
      results[result] = (results[result] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    agent.destroy();
  };
  const clients = Array.from({ length: options.clients }, (_, i) => client(i));
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
      return { sent, results };
    },
  };
}

function ask(
  target: { readonly host: string; readonly port: number },
  agent: Agent,
  user: string,
  post: boolean,
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      { ...target, agent, path: "/", method: post ? "POST" : "GET", headers: { "x-user": user } },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(String(answer.statusCode)));
        answer.on("error", (error) => resolve(error.message));
      },
    );
    sent.on("error", (error) => resolve(error.message));
    sent.end(post ? "body" : undefined);
  });
}
