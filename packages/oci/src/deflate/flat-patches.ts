import type { BytePatch } from "./byte-patches.ts";

/** Patches in a few arrays, to be handed to another thread; what was and what comes have the same length. */
export interface FlatPatches {
  readonly places: Float64Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Of each patch the bytes before, and the bytes after. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function flatPatches(patches: readonly BytePatch[]): FlatPatches {
  const lengths = Uint32Array.from(patches, ({ before }) => before.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + 2 * length, 0));
  let end = 0;
  for (const { before, after } of patches) {
    bytes.set(before, end);
    bytes.set(after, end + before.length);
    end += 2 * before.length;
  }
  return { places: Float64Array.from(patches, ({ at }) => at), lengths, bytes };
}

/** The patches again; their bytes stay where they are. */
export function patchesOf({ places, lengths, bytes }: FlatPatches): readonly BytePatch[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  return Array.from(places, (at, number) => {
    const length = lengths[number] as number;
    const [before, after] = [
      all.subarray(end, end + length),
      all.subarray(end + length, end + 2 * length),
    ];
    end += 2 * length;
    return { at, before, after };
  });
}
