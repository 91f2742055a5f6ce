import type { BlobReader } from "./blob-store.ts";

/** The same blobs; a stream of one throws the signal's reason at its next piece once it is aborted. */
export function untilAborted(blobs: BlobReader, signal: AbortSignal): BlobReader {
  return {
    async *open(digest, size) {
      signal.throwIfAborted();
      for await (const piece of blobs.open(digest, size)) {
        signal.throwIfAborted();
        yield piece;
      }
    },
  };
}
