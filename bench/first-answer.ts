import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One GET of a loopback port, on a connection of its own. @throws when there is no answer */
export function ask(port: number, path: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, timeout: 2000 }, (reply) => {
      let body = "";
      reply
        .setEncoding("utf8")
        .on("data", (text: string) => {
          body += text;
        })
        .on("end", () =>
          resolve({
            status: reply.statusCode ?? 0,
            type: reply.headers["content-type"] ?? "",
            body,
          }),
        )
        .on("error", reject);
    });
    request
      .on("timeout", () => request.destroy(new Error("no answer within 2 s")))
      .on("error", reject);
  });
}

/** Asks every 2 ms until the port answers 200; seconds since `started` (performance.now). */
export async function secondsToFirst200(
  port: number,
  started: number,
  options: { readonly signal: AbortSignal; readonly gone?: () => string | undefined },
): Promise<number> {
  while (performance.now() - started < 30_000) {
    options.signal.throwIfAborted();
    const why = options.gone?.();
    if (why !== undefined) throw new Error(`it ended before its first answer: ${why}`);
    const reply = await ask(port, "/stillmutable").catch(() => undefined);
    if (reply?.status === 200) return (performance.now() - started) / 1000;
    await pause(2);
  }
  throw new Error("no answer within 30 s");
}
