import type { Digest } from "./digest.ts";

/** Where blobs come from: what it gives is verified. */
export interface BlobReader {
  /**
   * The bytes of a blob, checked against digest (and size when given) as they are read. A piece is the reader's own:
   * its memory may be given back.
   * The stream throws Fault BLOB_UNKNOWN, DIGEST_MISMATCH or SIZE_MISMATCH.
   */
  open(digest: Digest, size?: number): AsyncIterable<Uint8Array>;
}

export interface WriteOptions {
  /** The bytes are what a BlobReader's `open` gives for this digest: checked as they come, and not hashed
   * again; the memory of a piece that is written is given back. */
  readonly verified?: Digest;
}

/** Where blobs live. One that writes never leaves half a blob. */
export interface BlobStore extends BlobReader {
  has(digest: Digest): Promise<boolean>;
  /** Writes a blob under a temporary name, syncs, renames. Throws Fault STORE_FULL with nothing left behind. */
  write(
    bytes: AsyncIterable<Uint8Array> | Uint8Array,
    options?: WriteOptions,
  ): Promise<{ digest: Digest; size: number }>;
}
