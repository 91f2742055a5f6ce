/** How long a run may have timers, from its first one on, in milliseconds. */
export const longestTimers = 120_000;
/** Most timers of a run that wait at one time. */
export const mostTimers = 1000;

/** What timers need of their run: it waits for what is announced, and for what is pending. */
interface WaitingRun {
  pending: number;
  later(callback: () => void): () => void;
}

/** The timers of one run of a script; the run lasts until all of them have ended. */
export class RunTimers {
  readonly #run: WaitingRun;
  readonly #waiting = new Map<number, NodeJS.Timeout>();
  readonly #deadline: NodeJS.Timeout;
  #next = 1;

  /** `late` is called when the run still has timers after `longestTimers`. */
  constructor(run: WaitingRun, late: () => void) {
    this.#run = run;
    // the message that waits for the run keeps the process, not its timers
    this.#deadline = setTimeout(late, longestTimers).unref();
  }

  /** Throws RangeError for one too many. */
  start(callback: () => void, delay: number, repeated: boolean): number {
    if (this.#waiting.size >= mostTimers) {
      throw new RangeError(`a script has at most ${mostTimers} timers at one time`);
    }
    const timer = this.#next++;
    this.#arm(timer, callback, Math.min(delay, longestTimers + 1), repeated);
    return timer;
  }

  stop(timer: number): void {
    const waiting = this.#waiting.get(timer);
    if (waiting === undefined) return;
    clearTimeout(waiting);
    this.#waiting.delete(timer);
    this.#run.pending--;
  }

  /** The run has ended. */
  close(): void {
    clearTimeout(this.#deadline);
    for (const waiting of this.#waiting.values()) clearTimeout(waiting);
    this.#waiting.clear();
  }

  #arm(timer: number, callback: () => void, delay: number, repeated: boolean): void {
    const call = this.#run.later(callback);
    const fire = (): void => {
      this.#waiting.delete(timer);
      // first, so that the callback can stop it
      if (repeated) this.#arm(timer, callback, delay, repeated);
      call();
    };
    this.#waiting.set(timer, setTimeout(fire, delay).unref());
  }
}
