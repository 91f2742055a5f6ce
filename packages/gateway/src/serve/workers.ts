import cluster, { type Worker } from "node:cluster";
import type { Log } from "../log.ts";
import type { Health } from "./health.ts";

/** What a worker tells when it serves. */
export interface WorkerReport {
  readonly ports: number;
  readonly health: Health;
}

/** What a worker says once its ports are closed. */
export const portsClosed = "ports closed";

export interface WorkersOptions {
  readonly count: number;
  /** The program that a worker runs, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly log: Log;
}

/** Worker processes that serve the same ports. */
export interface Workers {
  readonly ports: number;
  health(): Health;
  /** Tells each to finish what it has in flight and to end; resolves when no port is open. */
  drain(): Promise<void>;
  /** Drains, and resolves when all have ended. */
  close(): Promise<void>;
}

/** A worker's number, from 1, in its environment. */
export const workerVariable = "GATEWAY_WORKER";

/** A worker that died is started again after this many milliseconds. */
const restartPause = 200;

/**
 * Starts workers, which share the ports; connections are given out by turns. A worker that dies is
 * started again. When one ends before it has served at all, gives its exit code instead.
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers | number> {
  const { count, program, log } = options;
  cluster.setupPrimary({
    exec: program,
    args: [...options.args],
  });
  const reports = new Map<Worker, WorkerReport>();
  let closing = false;
  const start = (number: number, failed?: (code: number) => void): Worker => {
    const worker = cluster.fork({ [workerVariable]: String(number) });
    worker.on("message", (report: WorkerReport | typeof portsClosed) => {
      if (report !== portsClosed) reports.set(worker, report);
    });
    worker.once("exit", (code, signal) => {
      const served = reports.delete(worker);
      if (closing) return;
      if (!served && failed !== undefined) {
        failed(code ?? 3);
        return;
      }
      const text = `Worker ${number} ended (${signal ?? code}): it is started again`;
      log({ code: "8100003c", category: "system", priority: "error", text });
      setTimeout(() => closing || start(number), restartPause);
    });
    return worker;
  };
  const living = (): Worker[] =>
    Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  let drained: Promise<unknown> | undefined;
  const drain = async (): Promise<void> => {
    closing = true;
    drained ??= Promise.all(living().map(drainWorker));
    await drained;
  };
  const close = async (): Promise<void> => {
    const ends = living().map(endOf);
    await drain();
    await Promise.all(ends);
  };
  const firsts = await Promise.all(
    Array.from({ length: count }, (_, index) => firstWord((failed) => start(index + 1, failed))),
  );
  const code = firsts.find((word) => typeof word === "number");
  if (code !== undefined) {
    await close();
    return code;
  }
  const first = firsts[0] as WorkerReport;
  return {
    ports: first.ports,
    health: () => {
      const known = [...reports.values()].map(({ health }) => health);
      const shown = known.find(({ ready }) => ready) ?? first.health;
      return { ...shown, ready: !closing && known.some(({ ready }) => ready) };
    },
    drain,
    close,
  };
}

/** The first report of a worker, or its exit code when it ends before that. */
function firstWord(
  start: (failed: (code: number) => void) => Worker,
): Promise<WorkerReport | number> {
  return new Promise((resolve) => {
    start(resolve).once("message", (report: WorkerReport) => resolve(report));
  });
}

function drainWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.on("message", (message) => {
      if (message === portsClosed) resolve();
    });
    worker.once("exit", () => resolve());
    if (worker.isDead()) resolve();
    else worker.process.kill("SIGTERM");
  });
}

function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    if (worker.isDead()) resolve();
  });
}
