import type { DiffId, Digest } from "../blob/digest.ts";
import type { KeptFrames } from "../blob/frames.ts";
import type { Descriptor, ImageConfig, Manifest } from "./manifest.ts";

export interface ReadingOptions {
  /** Gets the frames that could be read one by one. */
  readonly kept?: KeptFrames;
  /** A piece is valid only until the next one is asked for: its memory is given back then. */
  readonly passing?: boolean;
}

/** One layer of an image. Reading it is checking it: a stream ends in a Fault when digest or size differ. */
export interface Layer {
  readonly descriptor: Descriptor;
  readonly digest: Digest;
  readonly diffId: DiffId;
  /** The bytes as stored. */
  compressed(): AsyncIterable<Uint8Array>;
  /** The tar archive inside, checked against `diffId`. */
  uncompressed(options?: ReadingOptions): AsyncIterable<Uint8Array>;
}

/** An image: manifest and configuration as parsed, layers lowest first. Immutable. */
export interface Image {
  /** Digest of the manifest: the identity of the image. */
  readonly digest: Digest;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}
