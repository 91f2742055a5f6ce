import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import type { BlobStore } from "./blob-store.ts";
import { type Compression, compress } from "./compression.ts";
import type { DiffId, Digest } from "./digest.ts";
import { documentBytes } from "./document.ts";
import type { Image, Layer } from "./image.ts";
import { chooseManifest, describeManifest, openImage, readDocument } from "./image-open.ts";
import { layerFromBlob } from "./layer.ts";
import { LayoutBlobs, readBlob } from "./layout-blobs.ts";
import {
  changeLayoutIndex,
  openLayout,
  readLayoutIndex,
  refNameAnnotation,
} from "./layout-index.ts";
import { type Descriptor, type ImageConfig, mediaTypes, type Platform } from "./manifest.ts";
import { parseManifest } from "./manifest-parse.ts";
import { parseReference, referenceText } from "./reference.ts";

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
  /** Every tagged image, in the order of names. */
  list(): Promise<readonly StoredImage[]>;
  /** Gives an image a name, which another image loses. Its blobs must be in this store. */
  tag(ref: string, image: Image): Promise<void>;
  /** Takes a name away; the blobs stay. Throws Fault IMAGE_UNKNOWN. */
  untag(ref: string): Promise<void>;
  /** Stores a tar archive as a layer. gzip unless told otherwise; the same archive gives the same blob. */
  writeLayer(
    tar: AsyncIterable<Uint8Array>,
    options?: { readonly compression?: Compression },
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

/**
 * Opens an OCI image layout, or makes one where there is none.
 * @throws Fault STORE_UNREADABLE, STORE_FULL
 */
export async function openStore(directory: string): Promise<Store> {
  const absolute = resolve(directory);
  await openLayout(absolute);
  return new LayoutStore(absolute);
}

class LayoutStore implements Store {
  readonly directory: string;
  readonly #blobs: LayoutBlobs;

  constructor(directory: string) {
    this.directory = directory;
    this.#blobs = new LayoutBlobs(directory);
  }

  has(digest: Digest): Promise<boolean> {
    return this.#blobs.has(digest);
  }

  open(digest: Digest, size?: number): AsyncIterable<Uint8Array> {
    return this.#blobs.open(digest, size);
  }

  write(
    bytes: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    return this.#blobs.write(bytes);
  }

  async image(ref: string, options: { readonly platform?: Platform } = {}): Promise<Image> {
    const image = await this.find(ref, options);
    if (image !== undefined) return image;
    throw new Fault("IMAGE_UNKNOWN", `image ${ref}`, { values: { store: this.directory } });
  }

  async find(
    ref: string,
    options: { readonly platform?: Platform } = {},
  ): Promise<Image | undefined> {
    const descriptor = await this.#descriptorOf(ref);
    if (descriptor === undefined) return undefined;
    return openImage(this, await chooseManifest(this, descriptor, ref, options.platform), ref);
  }

  async list(): Promise<readonly StoredImage[]> {
    const rows: StoredImage[] = [];
    for (const descriptor of await readLayoutIndex(this.directory)) {
      const ref = descriptor.annotations?.[refNameAnnotation];
      if (ref === undefined) continue;
      const chosen = await chooseManifest(this, descriptor, ref);
      const { digest, manifest, config } = await openImage(this, chosen, ref);
      const sizes = [manifest.config, ...manifest.layers].map(({ size }) => size);
      const size = sizes.reduce((sum, bytes) => sum + bytes, chosen.size);
      rows.push({
        ref,
        digest,
        size,
        ...(config.created === undefined ? {} : { created: config.created }),
      });
    }
    return rows.sort((a, b) => (a.ref < b.ref ? -1 : 1));
  }

  async tag(ref: string, image: Image): Promise<void> {
    const reference = parseReference(ref);
    if (reference.by === "digest") {
      throw new Fault("REFERENCE_INVALID", "a name for an image", {
        why: "a digest cannot be given as a name",
        values: { reference: ref },
      });
    }
    if (!(await this.has(image.digest))) {
      throw new Fault("BLOB_UNKNOWN", `image ${ref}`, { values: { digest: image.digest } });
    }
    await this.tagExactly(referenceText(reference), image.descriptor);
  }

  /** As `tag`, with the name as it is to stand in the layout. */
  async tagExactly(name: string, descriptor: Descriptor): Promise<void> {
    const { mediaType, digest, size } = descriptor;
    await changeLayoutIndex(this.directory, (descriptors) => [
      ...descriptors.filter((other) => other.annotations?.[refNameAnnotation] !== name),
      { mediaType, digest, size, annotations: { [refNameAnnotation]: name } },
    ]);
  }

  async untag(ref: string): Promise<void> {
    const name = referenceText(parseReference(ref));
    let isKnown = false;
    await changeLayoutIndex(this.directory, (descriptors) => {
      const rest = descriptors.filter(
        ({ annotations }) => annotations?.[refNameAnnotation] !== name,
      );
      isKnown = rest.length < descriptors.length;
      return isKnown ? rest : descriptors;
    });
    if (!isKnown) {
      throw new Fault("IMAGE_UNKNOWN", `image ${ref}`, { values: { store: this.directory } });
    }
  }

  async writeLayer(
    tar: AsyncIterable<Uint8Array>,
    options: { readonly compression?: Compression } = {},
  ): Promise<Layer> {
    const compression = options.compression ?? "gzip";
    const hash = createHash("sha256");
    const hashed = async function* () {
      for await (const chunk of tar) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const { digest, size } = await this.#blobs.write(compress(hashed(), compression));
    const diffId = `sha256:${hash.digest("hex")}` as DiffId;
    return layerFromBlob(this, { mediaType: layerTypes[compression], digest, size }, diffId);
  }

  async writeImage({ config, layers, annotations }: ImageParts): Promise<Image> {
    for (const layer of layers) await this.#take(layer);
    const diffIds = layers.map(({ diffId }) => diffId);
    const rootfs = { type: "layers", diff_ids: diffIds } as const;
    const configBlob = await this.#blobs.write(documentBytes({ ...config, rootfs }));
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...configBlob },
      layers: layers.map(({ descriptor }) => ociDescriptor(descriptor)),
      ...(annotations === undefined ? {} : { annotations }),
    };
    const bytes = documentBytes(manifest);
    const manifestBlob = await this.#blobs.write(bytes);
    return openImage(this, { mediaType: mediaTypes.manifest, ...manifestBlob }, "the new image");
  }

  async attach(subject: Image, artifact: Artifact): Promise<Descriptor> {
    const { artifactType, mediaType, bytes, annotations } = artifact;
    const blob = await this.#blobs.write(bytes);
    const empty = await this.#blobs.write(Buffer.from("{}"));
    const { mediaType: subjectType, digest, size } = subject.descriptor;
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: { mediaType: mediaTypes.empty, ...empty },
      layers: [{ mediaType, ...blob }],
      subject: { mediaType: subjectType, digest, size },
      ...(annotations === undefined ? {} : { annotations }),
    };
    const written = await this.#blobs.write(documentBytes(manifest));
    const descriptor = { mediaType: mediaTypes.manifest, ...written, artifactType };
    await changeLayoutIndex(this.directory, (descriptors) =>
      descriptors.some((other) => other.digest === written.digest)
        ? descriptors
        : [...descriptors, descriptor],
    );
    return descriptor;
  }

  async attached(
    subject: Image,
    artifactType: string,
  ): Promise<readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[]> {
    const found: { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[] = [];
    for (const descriptor of await readLayoutIndex(this.directory)) {
      if (descriptor.artifactType !== artifactType) continue;
      const manifest = parseManifest(await readDocument(this, descriptor), descriptor.digest);
      const blob = manifest.layers[0];
      if (manifest.subject?.digest !== subject.digest || blob === undefined) continue;
      const limits = { limit: artifactLimit, size: blob.size };
      found.push({ descriptor, bytes: await readBlob(this, blob.digest, limits) });
    }
    return found;
  }

  cacheDirectory(name: string): string {
    const directory = join(this.directory, "cache", name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** A digest need not be in the index: whatever manifest the layout holds can be opened. */
  async #descriptorOf(ref: string): Promise<Descriptor | undefined> {
    const reference = parseReference(ref);
    const descriptors = await readLayoutIndex(this.directory);
    if (reference.by === "tag") {
      const name = referenceText(reference);
      return descriptors.find(({ annotations }) => annotations?.[refNameAnnotation] === name);
    }
    const { digest } = reference;
    const listed = descriptors.find((descriptor) => descriptor.digest === digest);
    if (listed !== undefined) return listed;
    return (await this.has(digest)) ? describeManifest(this, digest) : undefined;
  }

  async #take(layer: Layer): Promise<void> {
    if (await this.has(layer.digest)) return;
    await this.#blobs.write(layer.compressed());
  }
}

const layerTypes: Readonly<Record<Compression, string>> = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
};

/** Docker's media types become OCI's: a manifest must not mix both. */
function ociDescriptor({ mediaType, digest, size, annotations }: Descriptor): Descriptor {
  const docker = /^application\/vnd\.docker\.image\.rootfs\.diff\.(tar(?:\.(?:gzip|zstd))?)$/;
  const suffix = docker.exec(mediaType)?.[1]?.replace(".", "+");
  return {
    mediaType: suffix === undefined ? mediaType : `application/vnd.oci.image.layer.v1.${suffix}`,
    digest,
    size,
    ...(annotations === undefined ? {} : { annotations }),
  };
}
