import { createHash } from "node:crypto";
import { Fault, isFault } from "@lithify/fault";
import type { BlobReader } from "../blob/blob-store.ts";
import { decompress, expansionLimits } from "../blob/compression.ts";
import type { DiffId } from "../blob/digest.ts";
import { partBytes } from "./foreign-layer.ts";
import type { Layer, ReadingOptions } from "./image.ts";
import type { Descriptor } from "./manifest.ts";

/** A layer whose blob is in a store. */
export function layerFromBlob(store: BlobReader, descriptor: Descriptor, diffId: DiffId): Layer {
  const { digest, mediaType } = descriptor;
  const compressed = () => partBytes(store, descriptor);
  const isPlain = mediaType.endsWith(".tar");
  return {
    descriptor,
    digest,
    diffId,
    compressed,
    uncompressed: (options = {}) =>
      verified(isPlain ? compressed() : expanded(compressed, options), diffId, digest),
  };
}

/** A corrupt blob breaks its compression before its last byte is hashed: it is read to its end, so that the fault names it. */
async function* expanded(
  compressed: () => AsyncIterable<Uint8Array>,
  options: ReadingOptions,
): AsyncGenerator<Uint8Array> {
  try {
    yield* decompress(compressed(), { ...options, limits: expansionLimits, owned: true });
  } catch (error) {
    if (isFault(error, "COMPRESSION_INVALID")) for await (const chunk of compressed()) void chunk;
    throw error;
  }
}

async function* verified(
  bytes: AsyncIterable<Uint8Array>,
  diffId: DiffId,
  digest: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual === diffId) return;
  throw new Fault("DIGEST_MISMATCH", "the archive inside a layer", {
    why: "it does not hash to the diffId of the image's configuration",
    values: { digest, diffId, actual },
  });
}
