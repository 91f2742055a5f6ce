import type { GatewayEnvironment } from "../environment.ts";
import type { Log } from "../log.ts";
import { inspectTrees } from "../trees.ts";
import { whenUnfit } from "../unfit.ts";

/** Says that the gateway is on-line, then whether its trees are immutable to it. */
export function logStart(
  ports: number,
  healthPort: number | undefined,
  root: string,
  log: Log,
): void {
  const seconds = process.uptime().toFixed(3);
  const health = healthPort === undefined ? "" : `, health on port ${healthPort}`;
  const text = `On-line: ${ports} ports served${health}, ${seconds} s after start`;
  log({ code: "8040001c", category: "system", priority: "notice", text });
  setImmediate(() => {
    for (const { tree, answer, witness } of inspectTrees(root)) {
      const priority = answer === "changeable" ? "warn" : "notice";
      const why = witness === undefined ? "" : `: ${witness}`;
      const said = `${tree} is ${answer} to this process${why}`;
      log({ code: "8100006a", category: "system", priority, text: said });
    }
  });
}

/** Goes on serving for a while, not ready: who sends requests here learns of it. */
export async function drainDelay(
  serving: { leave(): void },
  { drainDelay: delay }: GatewayEnvironment,
  log: Log,
): Promise<void> {
  if (delay === 0) return;
  serving.leave();
  const text = `Not ready any more; requests are taken for ${delay} ms`;
  log({ code: "8100006a", category: "system", priority: "notice", text });
  await new Promise((resolve) => setTimeout(resolve, delay));
}

/** Says that the gateway shuts down, or is done with it. */
export function logStop(log: Log, done: boolean): void {
  const text = done ? "Shut down" : "Shutting down: finishing requests in flight";
  const code = done ? "8100006c" : "8100006a";
  log({ code, category: "system", priority: "notice", text });
}

/**
 * Resolves when the process is to end: "told" at SIGTERM or SIGINT, "unfit" when it is unfit before
 * that, with a line in the log.
 */
export function stopSignal(log: Log): Promise<"told" | "unfit"> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve("told"));
    process.once("SIGINT", () => resolve("told"));
    void whenUnfit().then((why) => {
      const text = `This process ends, to be started again: ${why}`;
      log({ code: "8100003c", category: "system", priority: "critic", text });
      resolve("unfit");
    });
  });
}
