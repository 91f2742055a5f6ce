/** One look at the clock and at the processor time used until then, in seconds. */
interface Look {
  readonly at: number;
  readonly used: number;
}

/** Looks are kept this far apart, so that a day needs few of them, in seconds. */
const spacing = 10;
const longest = 86_400;

/** The processor time used over the last while, from looks taken now and then. */
export class CpuShare {
  #looks: Look[];

  /** `since` is when nothing had been used yet, in seconds. */
  constructor(since: number) {
    this.#looks = [{ at: since, used: 0 }];
  }

  /** Adds a look; gives the shares of one processor over these windows. */
  shares(at: number, used: number, windows: readonly number[]): number[] {
    const last = this.#looks.at(-1)!;
    if (at - last.at >= spacing) this.#looks.push({ at, used });
    this.#looks = this.#looks.filter((_look, place) => {
      const next = this.#looks[place + 1];
      return next === undefined || at - next.at <= longest;
    });
    return windows.map((window) => {
      const from = this.#looks.findLast((look) => at - look.at >= window) ?? this.#looks[0]!;
      const span = at - from.at;
      return span <= 0 ? 0 : Math.max(0, used - from.used) / span;
    });
  }
}
