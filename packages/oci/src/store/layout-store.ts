import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import { readBlob } from "../blob/blob-read.ts";
import type { WriteOptions } from "../blob/blob-store.ts";
import { type Compression, compress } from "../blob/compression.ts";
import type { DiffId, Digest } from "../blob/digest.ts";
import { encoderAnnotation, encoderOf, type KeptFrames } from "../blob/frames.ts";
import { documentBytes } from "../image/document.ts";
import type { Image, Layer } from "../image/image.ts";
import { chooseManifest, describeManifest, openImage, readDocument } from "../image/image-open.ts";
import { layerFromBlob } from "../image/layer.ts";
import { type Descriptor, mediaTypes, type Platform } from "../image/manifest.ts";
import { parseManifest } from "../image/manifest-parse.ts";
import { parseReference, referenceText } from "../image/reference.ts";
import { LayoutBlobs } from "./layout-blobs.ts";
import {
  changeLayoutIndex,
  openLayout,
  readLayoutIndex,
  refNameAnnotation,
} from "./layout-index.ts";
import {
  type Artifact,
  artifactLimit,
  type ImageParts,
  type Store,
  type StoredImage,
} from "./store.ts";

/**
 * Opens an OCI image layout, or makes one where there is none, unless `create` is false.
 * @throws Fault STORE_UNREADABLE, STORE_FULL
 */
export async function openStore(
  directory: string,
  options: { readonly create?: boolean } = {},
): Promise<Store> {
  const absolute = resolve(directory);
  await openLayout(absolute, options.create !== false);
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
    options?: WriteOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    return this.#blobs.write(bytes, options);
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
      const ref = nameOf(descriptor);
      if (ref === undefined) continue;
      rows.push(await this.#row(ref, descriptor));
    }
    return rows.sort((a, b) => (a.ref < b.ref ? -1 : 1));
  }

  async #row(ref: string, descriptor: Descriptor): Promise<StoredImage> {
    try {
      const chosen = await chooseManifest(this, descriptor, ref);
      const { digest, manifest, config } = await openImage(this, chosen, ref);
      const sizes = [manifest.config, ...manifest.layers].map(({ size }) => size);
      const size = sizes.reduce((sum, bytes) => sum + bytes, chosen.size);
      const created = config.created === undefined ? {} : { created: config.created };
      return { ref, digest, size, ...created };
    } catch (error) {
      if (!isFault(error)) throw error;
      return { ref, digest: descriptor.digest, size: descriptor.size, damage: error };
    }
  }

  async tag(ref: string, image: Image, options: { readonly exact?: boolean } = {}): Promise<void> {
    const name = options.exact === true ? exactName(ref) : tagName(ref);
    if (!(await this.has(image.digest))) {
      throw new Fault("BLOB_UNKNOWN", `image ${ref}`, { values: { digest: image.digest } });
    }
    const { mediaType, digest, size } = image.descriptor;
    const named = { mediaType, digest, size, annotations: { [refNameAnnotation]: name } };
    await changeLayoutIndex(this.directory, (descriptors) => {
      const before = descriptors.find((other) => nameOf(other) === name);
      if (before?.digest === digest) return descriptors;
      return [...descriptors.filter((other) => other !== before), named];
    });
  }

  async untag(ref: string): Promise<void> {
    const name = referenceText(parseReference(ref));
    let isKnown = false;
    await changeLayoutIndex(this.directory, (descriptors) => {
      const rest = descriptors.filter((descriptor) => nameOf(descriptor) !== name);
      isKnown = rest.length < descriptors.length;
      return isKnown ? rest : descriptors;
    });
    if (!isKnown) {
      throw new Fault("IMAGE_UNKNOWN", `image ${ref}`, { values: { store: this.directory } });
    }
  }

  async writeLayer(
    tar: AsyncIterable<Uint8Array>,
    options: { readonly compression?: Compression; readonly kept?: KeptFrames } = {},
  ): Promise<Layer> {
    const compression = options.compression ?? "gzip";
    const hash = createHash("sha256");
    const hashed = async function* () {
      for await (const chunk of tar) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const { digest, size } = await this.#blobs.write(compress(hashed(), compression, options.kept));
    const diffId = `sha256:${hash.digest("hex")}` as DiffId;
    const annotations =
      compression === "none"
        ? {}
        : { annotations: { [encoderAnnotation]: encoderOf(compression) } };
    const mediaType = layerTypes[compression];
    return layerFromBlob(this, { mediaType, digest, size, ...annotations }, diffId);
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

  /** Other tools' layouts have names that are no references here. A digest need not be in the index: whatever manifest the layout holds can be opened. */
  async #descriptorOf(ref: string): Promise<Descriptor | undefined> {
    const descriptors = await readLayoutIndex(this.directory);
    const exact = descriptors.find((descriptor) => nameOf(descriptor) === ref);
    if (exact !== undefined) return exact;
    const reference = parseReference(ref);
    if (reference.by === "tag") {
      const name = referenceText(reference);
      return descriptors.find((descriptor) => nameOf(descriptor) === name);
    }
    const { digest } = reference;
    const listed = descriptors.find((descriptor) => descriptor.digest === digest);
    if (listed !== undefined) return listed;
    return (await this.has(digest)) ? describeManifest(this, digest) : undefined;
  }

  async #take(layer: Layer): Promise<void> {
    if (await this.has(layer.digest)) return;
    await this.#blobs.write(layer.compressed(), { verified: layer.digest });
  }
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[refNameAnnotation];
}

function tagName(ref: string): string {
  const reference = parseReference(ref);
  if (reference.by === "tag") return referenceText(reference);
  throw new Fault("REFERENCE_INVALID", "a name for an image", {
    why: "a digest cannot be given as a name",
    values: { reference: ref },
  });
}

/** OCI image specification, annotations: what org.opencontainers.image.ref.name may hold. */
function exactName(ref: string): string {
  if (ref.length <= 255 && /^[A-Za-z0-9]+(?:[-._:@/+][A-Za-z0-9]+|--[A-Za-z0-9]+)*$/.test(ref)) {
    return ref;
  }
  throw new Fault("REFERENCE_INVALID", "a name in an OCI image layout", { values: { name: ref } });
}

const layerTypes: Readonly<Record<Compression, string>> = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
};

/** Docker's media types become OCI's: a manifest must not mix both. */
function ociDescriptor({ mediaType, digest, size, annotations }: Descriptor): Descriptor {
  const docker =
    /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.(tar(?:\.(?:gzip|zstd))?)$/;
  const [, foreign, form] = docker.exec(mediaType) ?? [];
  const kind = foreign === undefined ? "v1" : "nondistributable.v1";
  return {
    mediaType:
      form === undefined
        ? mediaType
        : `application/vnd.oci.image.layer.${kind}.${form.replace(".", "+")}`,
    digest,
    size,
    ...(annotations === undefined ? {} : { annotations }),
  };
}
