/** Bytes of a content that become others in the same place. Two bytes that stay are known around each that differs. */
export interface BytePatch {
  readonly at: number;
  readonly before: Buffer;
  readonly after: Buffer;
}

/** Changes of one content, in the order of their places, which do not overlap. */
export class BytePatches {
  readonly #patches: readonly BytePatch[];
  #next = 0;

  constructor(patches: readonly BytePatch[]) {
    this.#patches = patches;
  }

  get count(): number {
    return this.#patches.length;
  }

  /** The first byte from here on that differs; Infinity for none. Places asked for only grow. */
  nextChange(from: number): number {
    for (; this.#next < this.#patches.length; this.#next += 1) {
      const { at, before, after } = this.#patches[this.#next] as BytePatch;
      for (let place = Math.max(0, from - at); place < before.length; place += 1) {
        if (before[place] !== after[place]) return at + place;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The byte at this place before and after, where both are known. */
  at(place: number): { readonly before: number; readonly after: number } | undefined {
    const patch = this.#patches[this.#firstBehind(place) - 1];
    if (patch === undefined || place >= patch.at + patch.before.length) return undefined;
    const offset = place - patch.at;
    return { before: patch.before[offset] as number, after: patch.after[offset] as number };
  }

  /** The bytes that differ, from one place to before another. */
  *changes(
    start: number,
    end: number,
  ): Generator<{
    readonly place: number;
    readonly before: number;
    readonly after: number;
  }> {
    for (let number = Math.max(0, this.#firstBehind(start) - 1); ; number += 1) {
      const patch = this.#patches[number];
      if (patch === undefined || patch.at >= end) return;
      const { at, before, after } = patch;
      const last = Math.min(before.length, end - at);
      for (let offset = Math.max(0, start - at); offset < last; offset += 1) {
        const [from, to] = [before[offset] as number, after[offset] as number];
        if (from !== to) yield { place: at + offset, before: from, after: to };
      }
    }
  }

  /** The number of the first patch that begins behind a place. */
  #firstBehind(place: number): number {
    let [low, high] = [0, this.#patches.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#patches[middle] as BytePatch).at <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The content as it was: the patches taken back, piece by piece. */
export class Unpatcher {
  readonly #patches: readonly BytePatch[];
  #next = 0;
  #at = 0;

  constructor(patches: readonly BytePatch[]) {
    this.#patches = patches;
  }

  /** The next bytes become what they were, in their place. */
  takeBack(bytes: Uint8Array): void {
    const [start, end] = [this.#at, this.#at + bytes.length];
    this.#at = end;
    for (; this.#next < this.#patches.length; this.#next += 1) {
      const { at, before } = this.#patches[this.#next] as BytePatch;
      if (at >= end) return;
      const from = Math.max(0, start - at);
      bytes.set(before.subarray(from, end - at), at + from - start);
      if (at + before.length > end) return;
    }
  }
}
