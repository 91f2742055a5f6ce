import { types } from "node:util";
import { MessageChannel } from "node:worker_threads";
import { requirePart } from "../require-part.ts";
import { createRealm, type Realm } from "./realm/realm.ts";
import type { RunTimers } from "./run-timers.ts";
import type { ScriptFunction } from "./script-host.ts";
import { type Job, Run, type RunEnd, type RunHost, type ScriptFailure } from "./script-run.ts";
import type { StoredScript } from "./script-store.ts";
import { canBeWatched, isBareStack, lostBareStack, Watchdog } from "./watchdog.ts";

/** What not every script needs. */
const require = requirePart(import.meta.url);

/** How long one entry may use of its time limit before the next one starts; see `#runTogether`. */
const shareOfLimit = 0.1;
const mostTogether = 64;
/** Entries after which a thread of its own takes over the watch: few scripts are not worth one. */
const entriesBeforeWatchdog = 100;

/**
 * Runs scripts in one realm of this thread. Whatever enters the realm does so under a time limit
 * in milliseconds, which is how an endless loop ends: first the limit of `vm`, which costs more
 * than a short script does, so that entries that come close together share one; then, where it can
 * be had, the watch of another thread, which costs next to nothing.
 */
export class ScriptRunner {
  readonly #realm: Realm = createRealm({
    startTimer: (...values) => this.#timersOf(this.#atWork).start(...values),
    stopTimer: (timer) => this.#atWork.timers?.stop(timer),
  });
  readonly #limit: number;
  /** Scripts that were stopped since the start, because they computed for too long. */
  stops = 0;
  #jobs: Job[] = [];
  #scheduled = false;
  #current: Job | undefined;
  /** The jobs of the present entry, and how many of them have run. */
  #batch: readonly Job[] = [];
  #done = 0;
  #entries = 0;
  #watchdog: Watchdog | undefined;
  #channel: MessageChannel | undefined;
  /** True while a message port's handler is all that is on the stack below. */
  #inPort = false;
  #prepared = false;
  #preparing: Promise<void> | undefined;
  /** The run whose promises were last continued: unhandled rejections are its own. */
  #lastAlone: Run | undefined;

  constructor(limit: number) {
    this.#limit = limit;
    process.on("unhandledRejection", this.#onRejection);
  }

  /** Compiles the body of a script; throws its SyntaxError. */
  compile(source: string, filename: string): ScriptFunction {
    return this.#realm.compile(source, filename);
  }

  /**
   * Loads the modules that not every script needs. Undefined when they are there: then nothing has
   * to wait.
   */
  prepare(): Promise<void> | undefined {
    if (this.#prepared) return undefined;
    this.#preparing ??= import("./realm/module-table.ts").then(({ createModuleTable }) => {
      this.#realm.addModules(createModuleTable);
      this.#prepared = true;
    });
    return this.#preparing;
  }

  /** Loads XML as well, once `prepare` has ended. */
  prepareXml(): void {
    this.#realm.loadXml();
  }

  /**
   * Starts a compiled script: at once where that may be, else in a turn to come. With `mayBeLost` it
   * may be stopped together with all that is on the stack, also whoever has called this.
   */
  start(script: StoredScript, host: RunHost, end: RunEnd, mayBeLost: boolean): void {
    const run = new Run(end, script.usesPromises, this.#enqueue);
    host.scriptRun = run;
    const job = { run, action: () => this.#realm.start(host, script.run, script.id) };
    if (mayBeLost && script.makesNoPromise && this.#mayEnterNow) this.#runNow(job);
    else this.#enqueue(job);
  }

  /** Stops listening for rejections; runs in progress are abandoned. */
  close(): void {
    process.off("unhandledRejection", this.#onRejection);
    this.#jobs = [];
    this.#watchdog?.close();
    this.#channel?.port1.close();
  }

  readonly #enqueue = (job: Job): void => {
    this.#jobs.push(job);
    if (this.#scheduled) return;
    this.#schedule();
  };

  /** True when a stop would do no harm, and nothing waits for its turn. */
  get #mayEnterNow(): boolean {
    return !this.#scheduled && this.#watchdog?.watching === true && isBareStack();
  }

  /** One watched entry for one job, without the realm's promises: it makes none. */
  #runNow(job: Job): void {
    // whatever comes up meanwhile, or after a stop, waits for its turn
    this.#scheduled = true;
    this.#batch = [job];
    this.#done = 0;
    this.#watchdog!.enter(() => this.#runOne(job));
    this.#current = undefined;
    this.#done = 1;
    this.#finishBatch();
  }

  /** The next turn: from a message port when it may be stopped from outside, see Watchdog. */
  #schedule(): void {
    this.#scheduled = true;
    if (this.#watchdog?.watching === true) this.#channel?.port2.postMessage(0);
    else setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#lastAlone = undefined;
    const jobs = this.#take();
    if (jobs.length === 0) {
      this.#scheduled = false;
      return;
    }
    this.#batch = jobs;
    this.#done = 0;
    this.#runTogether();
    this.#finishBatch();
  };

  /** What is left of the batch waits for the next turn; runs that are complete are told so. */
  #finishBatch(): void {
    const jobs = this.#batch;
    const alone = jobs[0]?.run.alone === true ? jobs[0].run : undefined;
    if (this.#done < jobs.length) this.#jobs.unshift(...jobs.slice(this.#done));
    this.#batch = [];
    if (alone !== undefined) this.#lastAlone = alone;
    if (this.#jobs.length > 0 || alone !== undefined) this.#schedule();
    else this.#scheduled = false;
    // a rejection nobody handles is reported after this turn: only then is such a run complete
    if (alone !== undefined) setImmediate(() => this.#settle(alone));
    for (const { run } of jobs) if (!run.alone) this.#settle(run);
  }

  #take(): readonly Job[] {
    const all = this.#jobs;
    if (all.length <= mostTogether && all.every(({ run }) => !run.over && !run.alone)) {
      this.#jobs = [];
      return all;
    }
    const jobs = this.#jobs.filter(({ run }) => !run.over);
    const firstAlone = jobs.findIndex(({ run }) => run.alone);
    const count =
      firstAlone === 0 ? 1 : Math.min(firstAlone < 0 ? jobs.length : firstAlone, mostTogether);
    this.#jobs = jobs.slice(count);
    return jobs.slice(0, count);
  }

  /**
   * One watched entry for several jobs. It ends early when a tenth of the limit is used, so that
   * each job has nine tenths to itself.
   */
  #runTogether(): void {
    const jobs = this.#batch;
    const work = (): void => {
      const until = performance.now() + this.#limit * shareOfLimit;
      while (this.#done < jobs.length && (this.#done === 0 || performance.now() < until)) {
        this.#runOne(jobs[this.#done]!);
        this.#done++;
      }
      this.#current = undefined;
    };
    if (this.#watchdog?.watching === true && this.#inPort) {
      this.#watchdog.enter(() => this.#realm.enter(work));
      return;
    }
    if (++this.#entries === entriesBeforeWatchdog) this.#startWatchdog();
    try {
      this.#realm.enter(work, this.#limit);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      this.#blame();
    }
  }

  /** The entry took too long: the job that ran, or all whose promises may have, failed. */
  #blame(): void {
    const culprits = this.#current === undefined ? this.#batch : [this.#current];
    if (this.#current !== undefined) this.#done++;
    this.#current = undefined;
    for (const { run } of culprits) {
      this.stops++;
      this.#fail(run, {
        reason: "timeout",
        message: `the script was stopped after ${this.#limit} ms`,
      });
    }
  }

  #startWatchdog(): void {
    if (!canBeWatched()) return;
    this.#channel = new MessageChannel();
    this.#channel.port1.on("message", () => {
      this.#inPort = true;
      this.#turn();
      this.#inPort = false;
    });
    this.#channel.port1.unref();
    this.#watchdog = new Watchdog(this.#limit, () => {
      this.#inPort = false;
      lostBareStack();
      this.#blame();
      this.#watchdog?.recover();
      this.#finishBatch();
    });
  }

  #runOne(job: Job): void {
    this.#current = job;
    try {
      job.action();
    } catch (error) {
      this.#fail(job.run, this.#failureOf(error, "thrown"));
    }
    job.run.pending--;
  }

  /** The run that is in the realm now: where promises are continued, it is alone. */
  get #atWork(): Run {
    return this.#current?.run ?? this.#batch[0]!.run;
  }

  #timersOf(run: Run): RunTimers {
    if (run.timers !== undefined) return run.timers;
    const { longestTimers, RunTimers } =
      require("./run-timers.ts") as typeof import("./run-timers.ts");
    run.timers = new RunTimers(run, () => {
      const message = `the script still had timers after ${longestTimers} ms`;
      this.#fail(run, { reason: "timeout", message });
    });
    return run.timers;
  }

  #settle(run: Run): void {
    if (run.over || run.pending > 0) return;
    run.close();
    run.end.done();
  }

  #fail(run: Run, failure: ScriptFailure): void {
    if (run.over) return;
    run.close();
    // never inside the realm: what follows is the gateway's own work
    setImmediate(() => run.end.failed(failure));
  }

  readonly #onRejection = (reason: unknown, promise: Promise<unknown>): void => {
    if (!this.#realm.owns(promise)) {
      if (process.listenerCount("unhandledRejection") === 1) throw reason;
      return;
    }
    if (this.#lastAlone !== undefined)
      this.#fail(this.#lastAlone, this.#failureOf(reason, "rejected"));
  };

  /** Reads nothing that a script could have put a getter on: this may run outside the watch. */
  #failureOf(error: unknown, reason: ScriptFailure["reason"]): ScriptFailure {
    if (typeof error !== "object" || error === null) return { reason, message: String(error) };
    if (types.isProxy(error)) return { reason, message: "a proxy was thrown" };
    const message = ownText(error, "message") ?? "an object without a message was thrown";
    const stack = types.isNativeError(error) ? this.#realm.stackOf(error) : undefined;
    return { reason, message, stack };
  }
}

function ownText(object: object, name: string): string | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(object, name)?.value;
  return typeof value === "string" ? value : undefined;
}
