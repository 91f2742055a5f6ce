import { type DiffId, digestOf } from "../src/blob/digest.ts";
import type { Layer } from "../src/image/image.ts";
import { mediaTypes } from "../src/image/manifest.ts";
import { inPieces } from "./archives.ts";

/** A layer in memory, not compressed. */
export function layerOf(archive: Buffer): Layer {
  const digest = digestOf(archive);
  return {
    descriptor: { mediaType: mediaTypes.layer, digest, size: archive.length },
    digest,
    diffId: digest as string as DiffId,
    compressed: () => inPieces(archive),
    uncompressed: () => inPieces(archive),
  };
}
