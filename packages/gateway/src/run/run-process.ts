import { isFault } from "@lithify/fault";
import { type GatewayEnvironment, readEnvironment } from "../environment.ts";
import { LogHub } from "../log/log-hub.ts";
import { StreamSink } from "../log/stream-sink.ts";
import { type LogEvent, logLine } from "../log.ts";

/** A worker's number, in its environment. */
const number = process.env.GATEWAY_WORKER;
/** How long the last lines may take to get out, in milliseconds. */
const flushTime = 1000;

/**
 * The container's entry: serves the tree below the first argument, GATEWAY_ROOT or /drouter until
 * SIGTERM or SIGINT. Exit code 0 after serving; 3 when nothing could be served until the end (it
 * stays up for that long, not ready, so that its health and log can be read); a fault's own code
 * when it could not start at all.
 */
export async function runProcess(): Promise<number> {
  if (process.argv[2] === "--version") {
    const { version } = await import("../version.ts");
    await new Promise<void>((resolve) => {
      process.stdout.write(`lithify gateway ${version()}\n`, () => resolve());
    });
    return 0;
  }
  const environment = readEnvironment(process.env);
  const root = process.argv[2] ?? environment.root;
  const logs = await openLogs(environment);
  try {
    if (number !== undefined) {
      const { runWorker } = await import("./run-worker.ts");
      return await runWorker(root, environment, logs);
    }
    for (const text of environment.warnings) {
      logs.log({ code: "8100003c", category: "system", priority: "warn", text });
    }
    if (environment.workerThreads > 1) {
      const { runLeader } = await import("./run-leader.ts");
      return await runLeader(root, environment, logs);
    }
    const { runAlone } = await import("./run-alone.ts");
    return await runAlone(root, environment, logs);
  } catch (error) {
    if (!isFault(error)) throw error;
    const text = `${error.code}: ${error.message} (${error.hint})`;
    logs.log({ code: "8100003c", category: "system", priority: "critic", text });
    return error.exitCode;
  } finally {
    await logs.flush(flushTime);
  }
}

async function openLogs(environment: GatewayEnvironment): Promise<LogHub> {
  const { logLevel, logFormat, logColor, logRepeats } = environment;
  const note = (dropped: number): string =>
    logLine(
      {
        code: "80400021",
        category: "logging",
        priority: "warn",
        text: `${dropped} lines were dropped, since nobody read them`,
      },
      new Date(),
    );
  return new LogHub({
    console: new StreamSink(process.stdout, note),
    level: logLevel,
    line: logFormat === "text" ? logLine : (await import("../log/log-formats.ts")).logJson,
    color: logColor,
    repeats: logRepeats,
    forward: number === undefined ? undefined : sender(),
  });
}

/** Sends events to the process above, one batch at a time. */
function sender(): (events: readonly [LogEvent, number][]) => boolean {
  let isBusy = false;
  return (events) => {
    if (isBusy || !process.connected) return false;
    isBusy = true;
    process.send!({ says: "log", events }, undefined, undefined, () => {
      isBusy = false;
    });
    return true;
  };
}
