import type { Digest } from "./digest.ts";

/** Where blobs live. An implementation that reads gives verified bytes, and one that writes never leaves half a blob. */
export interface BlobStore {
  has(digest: Digest): Promise<boolean>;
  /**
   * The bytes of a blob, checked against digest (and size when given) as they are read.
   * The stream throws Fault BLOB_UNKNOWN, DIGEST_MISMATCH or SIZE_MISMATCH.
   */
  open(digest: Digest, size?: number): AsyncIterable<Uint8Array>;
  /** Writes a blob under a temporary name, syncs, renames. Throws Fault STORE_FULL with nothing left behind. */
  write(bytes: AsyncIterable<Uint8Array> | Uint8Array): Promise<{ digest: Digest; size: number }>;
}
