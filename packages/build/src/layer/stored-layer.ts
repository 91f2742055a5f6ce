import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { type BlobStore, type Descriptor, type DiffId, decompress, type Layer } from "@lithify/oci";

/** A layer whose blob is in a store, from what the cache wrote down of it; read, it is checked against `diffId`. */
export function storedLayer(store: BlobStore, descriptor: Descriptor, diffId: DiffId): Layer {
  const { digest, size, mediaType } = descriptor;
  const compressed = () => store.open(digest, size);
  return {
    ...{ descriptor, digest, diffId, compressed },
    uncompressed: () =>
      verified(mediaType.endsWith(".tar") ? compressed() : decompress(compressed()), diffId),
  };
}

async function* verified(
  bytes: AsyncIterable<Uint8Array>,
  diffId: DiffId,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual !== diffId)
    throw new Fault("DIGEST_MISMATCH", "a layer of the build cache", {
      values: { diffId, actual },
    });
}
