import type { BlobReader } from "../blob/blob-store.ts";
import type { Digest } from "../blob/digest.ts";
import type { RegistryAddress } from "../registry/address.ts";
import type { Image } from "./image.ts";
import type { Descriptor } from "./manifest.ts";

/** Where an image is read from. What it gives is verified. */
export interface ImageSource {
  readonly blobs: BlobReader;
  /** Manifest or index of the image. */
  readonly root: Descriptor;
  /** Set for a registry, from which blobs can be mounted. */
  readonly repository?: RegistryAddress;
  /** The manifests whose subject is this one. */
  referrers(digest: Digest): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** Where an image is written to: one that keeps blobs as they are, or one with a form of its own. */
export type ImageSink = BlobSink | FormSink;

export interface BlobSink {
  readonly kind: "blobs";
  /** Blobs that may be on their way at one time. */
  readonly parallel: number;
  has(descriptor: Descriptor): Promise<boolean>;
  /** `open` may be called more than once. */
  put(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    from: RegistryAddress | undefined,
  ): Promise<"copied" | "mounted">;
  /** Everything that the manifest names is there already, its subject too. */
  putManifest(descriptor: Descriptor, bytes: Uint8Array): Promise<void>;
  /** Gives the image its name; nothing is seen of it before. */
  finish(root: Descriptor, bytes: Uint8Array): Promise<void>;
  /** Lets go; without `finish` nothing stays that could be taken for an image. */
  close(): Promise<void>;
}

export interface FormSink {
  readonly kind: "form";
  put(image: Image, configBytes: Uint8Array): Promise<void>;
}
