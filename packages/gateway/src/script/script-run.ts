import type { RunTimers } from "./run-timers.ts";
import type { ScriptHost } from "./script-host.ts";

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

/** The host of a run: it is told which run that is before the script starts. */
export interface RunHost extends ScriptHost {
  scriptRun: ScriptRun | undefined;
}

/** One run of a script. */
export class Run implements ScriptRun {
  readonly end: RunEnd;
  /** True when promises may be involved: then nothing else shares its entry into the realm. */
  readonly alone: boolean;
  readonly #enqueue: (job: Job) => void;
  /** Made when the script first wants one. */
  timers: RunTimers | undefined;
  pending = 1;
  over = false;

  constructor(end: RunEnd, alone: boolean, enqueue: (job: Job) => void) {
    this.end = end;
    this.alone = alone;
    this.#enqueue = enqueue;
  }

  /** Nothing of the script runs any more. */
  close(): void {
    this.over = true;
    this.timers?.close();
  }

  later<Values extends readonly unknown[]>(
    callback: (...values: Values) => void,
  ): (...values: Values) => void {
    this.pending++;
    let called = false;
    return (...values) => {
      if (called) return;
      called = true;
      this.#enqueue({ run: this, action: () => callback(...values) });
    };
  }
}

/** An entry into the realm for a run. */
export interface Job {
  readonly run: Run;
  readonly action: () => void;
}
