import { Fault, isFault } from "@lithify/fault";
import type { BlobReader, BlobStore } from "./blob-store.ts";
import type { Digest } from "./digest.ts";
import { releaseWhole } from "./release.ts";

/**
 * A whole blob in memory.
 * @throws Fault LIMIT_EXCEEDED beyond `limit` bytes, and what `open` throws
 */
export async function readBlob(
  store: BlobReader,
  digest: Digest,
  options: { readonly limit: number; readonly size?: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of store.open(digest, options.size)) {
    length += chunk.length;
    if (length > options.limit) {
      throw new Fault("LIMIT_EXCEEDED", `blob ${digest}`, {
        values: { limit: options.limit },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** True when the blob is there and its bytes hash to its digest. */
export async function isIntact(store: BlobStore, digest: Digest, size: number): Promise<boolean> {
  if (!(await store.has(digest))) return false;
  try {
    for await (const chunk of store.open(digest, size)) releaseWhole(chunk);
    return true;
  } catch (error) {
    if (isFault(error, "DIGEST_MISMATCH", "SIZE_MISMATCH")) return false;
    throw error;
  }
}
