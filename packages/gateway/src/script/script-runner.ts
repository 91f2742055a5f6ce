import { types } from "node:util";
import { createRealm, type Realm } from "./realm/realm.ts";
import type { ScriptFunction, ScriptHost } from "./script-host.ts";

/** Why a run of a script did not end well. */
export interface ScriptFailure {
  readonly reason: "thrown" | "rejected" | "timeout";
  readonly message: string;
  readonly stack?: string | undefined;
}

/** How a run is told about its end; exactly one of the two is called, once. */
export interface RunEnd {
  done(): void;
  failed(failure: ScriptFailure): void;
}

/** A run in progress, as its host sees it. */
export interface ScriptRun {
  /** See ScriptHost.later. */
  later<Values extends readonly unknown[]>(
    callback: (...values: Values) => void,
  ): (...values: Values) => void;
}

interface Run extends ScriptRun {
  readonly end: RunEnd;
  /** True when promises may be involved: then nothing else shares its entry into the realm. */
  readonly alone: boolean;
  pending: number;
  over: boolean;
}

interface Job {
  readonly run: Run;
  readonly action: () => void;
}

/** How long one entry may use of its time limit before the next one starts; see `#runTogether`. */
const shareOfLimit = 0.1;
const mostTogether = 64;

/**
 * Runs scripts in one realm of this thread. Whatever enters the realm does so under a time limit
 * in milliseconds, which is how an endless loop ends: entries that come close together share one
 * watch, because setting one up costs more than a short script does.
 */
export class ScriptRunner {
  readonly #realm: Realm = createRealm();
  readonly #limit: number;
  #jobs: Job[] = [];
  #scheduled = false;
  #current: Job | undefined;
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

  /** Starts a compiled script. `hostFor` makes its host from the run. */
  start(
    script: ScriptFunction,
    id: string,
    usesPromises: boolean,
    hostFor: (run: ScriptRun) => ScriptHost,
    end: RunEnd,
  ): void {
    const run: Run = {
      end,
      alone: usesPromises,
      pending: 1,
      over: false,
      later: (callback) => {
        run.pending++;
        let called = false;
        return (...values) => {
          if (called) return;
          called = true;
          this.#enqueue({ run, action: () => callback(...values) });
        };
      },
    };
    const host = hostFor(run);
    this.#enqueue({ run, action: () => this.#realm.start(host, script, id) });
  }

  /** Stops listening for rejections; runs in progress are abandoned. */
  close(): void {
    process.off("unhandledRejection", this.#onRejection);
    this.#jobs = [];
  }

  #enqueue(job: Job): void {
    this.#jobs.push(job);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#lastAlone = undefined;
    const jobs = this.#take();
    if (jobs.length === 0) {
      this.#scheduled = false;
      return;
    }
    const alone = jobs[0]?.run.alone === true ? jobs[0].run : undefined;
    this.#runTogether(jobs);
    if (alone !== undefined) this.#lastAlone = alone;
    this.#scheduled = this.#jobs.length > 0 || alone !== undefined;
    if (this.#scheduled) setImmediate(this.#turn);
    // a rejection nobody handles is reported after this turn: only then is such a run complete
    if (alone !== undefined) setImmediate(() => this.#settle(alone));
    for (const { run } of jobs) if (!run.alone) this.#settle(run);
  };

  #take(): Job[] {
    const jobs = this.#jobs.filter(({ run }) => !run.over);
    const firstAlone = jobs.findIndex(({ run }) => run.alone);
    const count =
      firstAlone === 0 ? 1 : Math.min(firstAlone < 0 ? jobs.length : firstAlone, mostTogether);
    this.#jobs = jobs.slice(count);
    return jobs.slice(0, count);
  }

  /**
   * One watched entry for several jobs. It ends early when a tenth of the limit is used, so that
   * each job has nine tenths to itself; what is left waits for the next turn.
   */
  #runTogether(jobs: Job[]): void {
    let done = 0;
    try {
      this.#realm.enter(() => {
        const until = performance.now() + this.#limit * shareOfLimit;
        while (done < jobs.length && (done === 0 || performance.now() < until)) {
          this.#runOne(jobs[done]!);
          done++;
        }
        this.#current = undefined;
      }, this.#limit);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const culprits = this.#current === undefined ? jobs : [this.#current];
      if (this.#current !== undefined) done++;
      this.#current = undefined;
      for (const { run } of culprits) {
        this.#fail(run, {
          reason: "timeout",
          message: `the script was stopped after ${this.#limit} ms`,
        });
      }
    }
    this.#jobs.unshift(...jobs.slice(done));
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

  #settle(run: Run): void {
    if (run.over || run.pending > 0) return;
    run.over = true;
    run.end.done();
  }

  #fail(run: Run, failure: ScriptFailure): void {
    if (run.over) return;
    run.over = true;
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
