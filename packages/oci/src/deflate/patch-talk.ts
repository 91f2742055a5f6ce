import type { FlatPatches } from "./flat-patches.ts";

/** What a patching thread is started with. */
export interface PatchOrder {
  readonly patches: FlatPatches;
}

/** The next bytes of the stream, or that it has ended. Their memory is the thread's. */
export type PatchInput = Uint8Array<ArrayBuffer> | "end";

/** One for each input: what is known of the new stream, or why there is none. The memory is the asker's. */
export type PatchAnswer =
  | { readonly answer: "piece"; readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly answer: "unpatchable"; readonly why: string };

/** Bytes that have all of their memory, so that it can be handed over: themselves where they have, else a copy. */
export function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
