import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Fault } from "@lithify/fault";
import type { BlobStore } from "../blob/blob-store.ts";
import type { Compression } from "../blob/compression.ts";
import type { Digest } from "../blob/digest.ts";
import type { KeptFrames } from "../blob/frames.ts";
import type { Image, Layer } from "../image/image.ts";
import type { Descriptor, ImageConfig, Platform } from "../image/manifest.ts";

/** A place for images: an OCI image layout on disk. Any number of processes may use it at one time. */
export interface Store extends BlobStore {
  readonly directory: string;
  /**
   * The image that `ref` names: `NAME[:TAG]`, `NAME@sha256:…` or `sha256:…`. Of a multi-platform index the member
   * for `platform`, this machine's when left out. Throws Fault REFERENCE_INVALID, IMAGE_UNKNOWN, and what a damaged copy gives.
   */
  image(ref: string, options?: { readonly platform?: Platform }): Promise<Image>;
  /** As `image`, but undefined when there is none. */
  find(ref: string, options?: { readonly platform?: Platform }): Promise<Image | undefined>;
  /** Every tagged image, in the order of names; a damaged one too. */
  list(): Promise<readonly StoredImage[]>;
  /**
   * Gives an image a name, which another image loses. Its blobs must be in this store. With `exact` the name stands
   * in the layout as it is, as other tools' layouts have it (a tag alone). Throws Fault REFERENCE_INVALID, BLOB_UNKNOWN.
   */
  tag(ref: string, image: Image, options?: { readonly exact?: boolean }): Promise<void>;
  /** Takes a name away; the blobs stay. Throws Fault IMAGE_UNKNOWN. */
  untag(ref: string): Promise<void>;
  /**
   * Stores a tar archive as a layer. gzip unless told otherwise; the same archive gives the same blob as long as the
   * encoder is the one that the layer's annotation `io.lithify.encoder` names. Frames of `kept`, which must be
   * by that encoder, are used again where they hold the same bytes.
   */
  writeLayer(
    tar: AsyncIterable<Uint8Array>,
    options?: { readonly compression?: Compression; readonly kept?: KeptFrames },
  ): Promise<Layer>;
  /** Stores configuration and manifest, and layers that other stores hold. The image has no name yet. */
  writeImage(parts: ImageParts): Promise<Image>;
  /** Stores an artifact about an image: a manifest with the image as its subject (OCI 1.1, referrers). */
  attach(subject: Image, artifact: Artifact): Promise<Descriptor>;
  /** The artifacts of this type about an image, oldest first. */
  attached(
    subject: Image,
    artifactType: string,
  ): Promise<readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[]>;
  /** A directory in the store for derived data that may be deleted at any time. */
  cacheDirectory(name: string): string;
}

export interface StoredImage {
  readonly ref: string;
  readonly digest: Digest;
  /** Bytes of manifest, configuration and layers as stored. */
  readonly size: number;
  readonly created?: string;
  /** Why the image cannot be read; `size` is that of its manifest then. */
  readonly damage?: Fault;
}

export interface ImageParts {
  /** `rootfs` is filled from the layers. */
  readonly config: Omit<ImageConfig, "rootfs">;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Artifact {
  readonly artifactType: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Bytes of an attached artifact. */
export const artifactLimit = 64 * 1024 * 1024;

/** `LITHIFY_STORE`, else `lithify` in the XDG data directory, `~/.local/share` when that is not set. */
export function defaultStoreDirectory(env: Readonly<Record<string, string | undefined>>): string {
  if (env.LITHIFY_STORE) return resolve(env.LITHIFY_STORE);
  const data = env.XDG_DATA_HOME || join(env.HOME || homedir(), ".local", "share");
  return join(data, "lithify");
}
