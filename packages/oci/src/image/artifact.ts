import { readBlob } from "../blob/blob-read.ts";
import type { BlobReader } from "../blob/blob-store.ts";
import { readDocument } from "./image-open.ts";
import type { Descriptor } from "./manifest.ts";
import { parseManifest } from "./manifest-parse.ts";

/**
 * What an artifact holds: the first blob of its manifest, of `limit` bytes at most; undefined where it has none.
 * Throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED, and what reading blobs throws.
 */
export async function readArtifact(
  blobs: BlobReader,
  descriptor: Descriptor,
  limit: number,
): Promise<Buffer | undefined> {
  const manifest = parseManifest(await readDocument(blobs, descriptor), descriptor.digest);
  const [blob] = manifest.layers;
  return blob === undefined
    ? undefined
    : await readBlob(blobs, blob.digest, { limit, size: blob.size });
}
