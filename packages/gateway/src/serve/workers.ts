import cluster, { type Worker } from "node:cluster";
import type { ObjectChange } from "../config/overlay.ts";
import type { Log, LogEvent } from "../log.ts";
import type { Health } from "./health.ts";
import type { ProcessCounts } from "./process-counts.ts";
import type { LeaderWord, WorkerReport, WorkerWord } from "./worker-talk.ts";

export interface WorkersOptions {
  readonly count: number;
  /** The program that a worker runs, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly log: Log;
  /** Takes the events of workers for the log targets. */
  readonly logged: (events: readonly [LogEvent, number][]) => void;
  /** True when workers wait for the changes that are in force before they serve. */
  readonly changeable: boolean;
}

/** Worker processes that serve the same ports. */
export interface Workers {
  /** What the first of them serves: all serve the same. */
  readonly report: WorkerReport;
  /** Workers that had to be started again. */
  readonly restarts: number;
  health(): Health;
  /** The counts of each; one that does not answer in time is left out. */
  counts(): Promise<readonly ProcessCounts[]>;
  /** Puts changes into each, and into those that are started later. */
  change(changes: readonly ObjectChange[]): Promise<void>;
  /** Is not ready from now on, and goes on serving. */
  leave(): void;
  /** Tells each to finish what it has in flight and to end; resolves when no port is open. */
  drain(): Promise<void>;
  /** Drains, and resolves when all have ended. */
  close(): Promise<void>;
}

/** A worker's number, from 1, in its environment. */
export const workerVariable = "GATEWAY_WORKER";

/** A worker that died is started again after this many milliseconds. */
const restartPause = 200;
/** A worker has this long to answer, in milliseconds. */
const answerTime = 2000;
const changeTime = 30_000;

/**
 * Starts workers, which share the ports; connections are given out by turns. A worker that dies is
 * started again. When one ends before it has served at all, gives its exit code instead.
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers | number> {
  cluster.setupPrimary({ exec: options.program, args: [...options.args] });
  const herd = new Herd(options);
  const firsts = await Promise.all(
    Array.from({ length: options.count }, (_, index) => herd.first(index + 1)),
  );
  const code = firsts.find((word) => typeof word === "number");
  if (code === undefined) return herd;
  await herd.close();
  return code;
}

class Herd implements Workers {
  readonly #options: WorkersOptions;
  readonly #reports = new Map<Worker, WorkerReport>();
  readonly #asked = new Map<number, (word: WorkerWord) => void>();
  #changes: ObjectChange[] = [];
  #last: WorkerReport | undefined;
  #closing = false;
  #leaving = false;
  #drained: Promise<unknown> | undefined;
  #id = 0;
  restarts = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Starts a worker; gives its exit code when it ends before it serves. */
  first(number: number): Promise<WorkerReport | number> {
    return new Promise((resolve) => {
      this.#start(number, resolve, resolve);
    });
  }

  get report(): WorkerReport {
    return this.#last!;
  }

  health(): Health {
    const known = [...this.#reports.values()].map(({ health }) => health);
    const shown = known.find(({ ready }) => ready) ?? this.report.health;
    return {
      ...shown,
      ready: !this.#closing && !this.#leaving && known.some(({ ready }) => ready),
    };
  }

  async counts(): Promise<readonly ProcessCounts[]> {
    const words = await Promise.all(
      living().map((worker) => this.#ask(worker, { asks: "counts", id: ++this.#id }, answerTime)),
    );
    return words.flatMap((word) => (word?.says === "counts" ? [word.counts] : []));
  }

  async change(changes: readonly ObjectChange[]): Promise<void> {
    this.#changes.push(...changes);
    await Promise.all(
      living().map(async (worker) => {
        const word = await this.#ask(
          worker,
          { asks: "changes", id: ++this.#id, changes },
          changeTime,
        );
        if (word?.says === "changed") this.#serves(worker, word.report);
      }),
    );
  }

  leave(): void {
    this.#leaving = true;
  }

  async drain(): Promise<void> {
    this.#closing = true;
    this.#drained ??= Promise.all(living().map(drainWorker));
    await this.#drained;
  }

  async close(): Promise<void> {
    const ends = living().map(endOf);
    await this.drain();
    await Promise.all(ends);
  }

  #start(
    number: number,
    serves: (report: WorkerReport) => void = () => {},
    failed?: (code: number) => void,
  ): void {
    const { log, logged, changeable } = this.#options;
    const worker = cluster.fork({ [workerVariable]: String(number) });
    if (changeable) tell(worker, { asks: "changes", id: 0, changes: this.#changes });
    worker.on("message", (word: WorkerWord) => {
      if (word.says === "log") logged(word.events);
      if (word.says === "serving") {
        this.#serves(worker, word.report);
        serves(word.report);
      }
      if (word.says === "ports closed") this.#ends(worker);
      if (word.says === "counts" || word.says === "changed") this.#asked.get(word.id)?.(word);
    });
    worker.once("exit", (code, signal) => {
      const served = this.#reports.delete(worker);
      if (this.#closing) return;
      if (!served && failed !== undefined) {
        failed(code ?? 3);
        return;
      }
      this.restarts++;
      const text = `Worker ${number} ended (${signal ?? code}): it is started again`;
      log({ code: "8100003c", category: "system", priority: "error", text });
      setTimeout(() => {
        if (!this.#closing) this.#start(number);
      }, restartPause);
    });
  }

  #serves(worker: Worker, report: WorkerReport): void {
    this.#reports.set(worker, report);
    this.#last = report;
  }

  /** A worker that ends by itself is not ready from then on. */
  #ends(worker: Worker): void {
    const report = this.#reports.get(worker);
    if (report === undefined) return;
    this.#reports.set(worker, { ...report, health: { ...report.health, ready: false } });
  }

  #ask(
    worker: Worker,
    word: Extract<LeaderWord, { readonly id: number }>,
    most: number,
  ): Promise<WorkerWord | undefined> {
    return new Promise((resolve) => {
      const end = (answer?: WorkerWord): void => {
        clearTimeout(timer);
        worker.off("exit", gone);
        this.#asked.delete(word.id);
        resolve(answer);
      };
      const gone = (): void => end();
      const timer = setTimeout(end, most);
      worker.once("exit", gone);
      this.#asked.set(word.id, end);
      if (!tell(worker, word)) end();
    });
  }
}

function living(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

function tell(worker: Worker, word: LeaderWord): boolean {
  if (!worker.isConnected()) return false;
  worker.send(word, (error) => void error);
  return true;
}

function drainWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.on("message", (word: WorkerWord) => {
      if (word.says === "ports closed") resolve();
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
