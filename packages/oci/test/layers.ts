import { type DiffId, digestOf } from "../src/digest.ts";
import type { Layer } from "../src/image.ts";
import { mediaTypes } from "../src/manifest.ts";
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
