/** Repeated measurements of one thing, in the order in which they were taken. */
export type Samples = readonly number[];

/** The middle value; of an even number the mean of the two in the middle. */
export function median(samples: Samples): number {
  if (samples.length === 0) throw new RangeError("a median needs a sample");
  const sorted = [...samples].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}

export function range(samples: Samples): { readonly min: number; readonly max: number } {
  return { min: Math.min(...samples), max: Math.max(...samples) };
}

/**
 * The median of the ratios round by round where both were measured equally often, because a round's
 * two values met the same disturbance; otherwise the ratio of the medians.
 */
export function ratioOf(ours: Samples, peer: Samples): number {
  if (ours.length !== peer.length) return median(ours) / median(peer);
  return median(ours.map((value, round) => value / (peer[round] ?? Number.NaN)));
}

/** Collects samples under names, in the order in which they come. */
export class Series {
  readonly #samples = new Map<string, number[]>();

  add(name: string, value: number): void {
    const samples = this.#samples.get(name) ?? [];
    samples.push(value);
    this.#samples.set(name, samples);
  }

  /** Empty when nothing was added under the name. */
  of(name: string): Samples {
    return this.#samples.get(name) ?? [];
  }
}
