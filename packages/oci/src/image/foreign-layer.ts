import { Fault, isFault } from "@lithify/fault";
import type { BlobReader } from "../blob/blob-store.ts";
import type { Descriptor } from "./manifest.ts";

/**
 * The bytes of a configuration or layer. A layer that is not to be distributed may be missing where its image is: it is
 * to be fetched from the addresses in its descriptor then, which is not done here.
 * @throws what `open` throws
 */
export function partBytes(blobs: BlobReader, part: Descriptor): AsyncIterable<Uint8Array> {
  const bytes = blobs.open(part.digest, part.size);
  return isForeign(part) ? explained(bytes, part) : bytes;
}

/** OCI image specification 1.0 "Non-Distributable Layers", and what Docker calls foreign. */
function isForeign({ mediaType }: Descriptor): boolean {
  return /\.(?:nondistributable|foreign)\./.test(mediaType);
}

async function* explained(
  bytes: AsyncIterable<Uint8Array>,
  { digest }: Descriptor,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (!isFault(error, "BLOB_UNKNOWN")) throw error;
    throw new Fault("BLOB_UNKNOWN", `blob ${digest}`, {
      why: "it is a non-distributable layer, whose bytes do not go along with the image",
      values: error.values ?? {},
      hint: "Build the image again with a base whose layers may be distributed.",
      cause: error,
    });
  }
}
