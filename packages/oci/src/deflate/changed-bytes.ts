import type { BytePatches } from "./byte-patches.ts";

const grainBits = 9;
const grains = 128;
/** Further than places go that are counted from a place near by. */
export const farAway = 0x3fff_ffff;
/** A match reaches back 32 KiB; places are counted from at most thrice that before. */
const behind = 64 * 1024;

/**
 * Which bytes before a place were changed, as far as a match reaches back, and which is the next that will be. Places
 * are counted from `origin`, so that they stay small integers.
 */
export class ChangedBytes {
  readonly #patches: BytePatches;
  /** By place in parts of 512 bytes: the last part that has a changed byte, of those with this number in a ring. */
  readonly #grains = new Int32Array(grains).fill(-farAway);
  #last = -farAway;
  origin: number;
  next = farAway;

  constructor(patches: BytePatches, origin: number) {
    this.#patches = patches;
    this.origin = origin;
  }

  /** False where none of these bytes, at most 258, was changed; true where one may have been. */
  mayHave(place: number, length: number): boolean {
    if (place > this.#last) return false;
    const [first, last] = [place >> grainBits, (place + length) >> grainBits];
    return (
      this.#grains[first & (grains - 1)] === first || this.#grains[last & (grains - 1)] === last
    );
  }

  /** Everything before this place is behind. */
  pass(place: number): void {
    while (this.next < place) {
      const grain = this.next >> grainBits;
      this.#grains[grain & (grains - 1)] = grain;
      this.#last = this.next;
      this.#find(this.next + 1);
    }
  }

  /** Counts from a place nearer by, and gives the new number of this one. */
  rebase(place: number): number {
    // A multiple of the ring, so that every part keeps its number in it
    const by = place - behind <= 0 ? 0 : (place - behind) & -(grains << grainBits);
    this.origin += by;
    this.#last = Math.max(-farAway, this.#last - by);
    for (const [index, grain] of this.#grains.entries()) {
      this.#grains[index] = Math.max(-farAway, grain - (by >> grainBits));
    }
    this.#find(place - by);
    return place - by;
  }

  #find(place: number): void {
    this.next = Math.min(farAway, this.#patches.nextChange(this.origin + place) - this.origin);
  }
}
