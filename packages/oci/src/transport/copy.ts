import { Fault } from "@lithify/fault";
import type { BlobReader } from "../blob/blob-store.ts";
import type { Digest } from "../blob/digest.ts";
import { partBytes } from "../image/foreign-layer.ts";
import { chooseManifest, openImage, readDocument } from "../image/image-open.ts";
import type { Descriptor, Platform } from "../image/manifest.ts";
import { indexMediaTypes, parseIndex, parseManifest } from "../image/manifest-parse.ts";
import type { BlobSink, ImageSink, ImageSource } from "../image/place.ts";
import { Reached, reachLimits } from "./reach.ts";

export interface CopyReport {
  /** Of the manifest or index that was copied. */
  readonly digest: Digest;
  readonly blobs: { readonly copied: number; readonly mounted: number; readonly present: number };
  /** Bytes of the copied blobs. */
  readonly bytes: number;
  /** Statements and other artifacts that went along. */
  readonly referrers: number;
}

export interface CopyOptions {
  /** Every platform of an index, and the index itself. */
  readonly all?: boolean;
  /** The member of an index, this machine's when left out; an image that is in no index must be for it. */
  readonly platform?: Platform;
  /** Bytes of blobs that have come so far. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Copies an image with what is attached to it. A manifest goes after everything that it names, the name last.
 * @throws Fault IMAGE_UNKNOWN, TRANSPORT_UNSUPPORTED, and what reading and writing throw
 */
export async function copyBetween(
  source: ImageSource,
  sink: ImageSink,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const { blobs } = source;
  if (options.all === true && sink.kind === "form" && isIndex(source.root)) {
    throw new Fault("TRANSPORT_UNSUPPORTED", "copying every platform of an image", {
      why: "the destination holds one platform only",
      hint: "Leave --all out and choose one with --platform, or copy to oci-archive:FILE.",
    });
  }
  const root =
    options.all === true
      ? source.root
      : await chooseManifest(blobs, source.root, "the image", options.platform);
  if (sink.kind === "blobs") return new Copy(source, sink, options).run(root);
  const image = await openImage(blobs, root, "the image");
  await sink.put(image, await readDocument(blobs, image.manifest.config));
  const sizes = [image.manifest.config, ...image.manifest.layers].map(({ size }) => size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  options.onBytes?.(bytes);
  const copied = { copied: sizes.length, mounted: 0, present: 0 };
  return { digest: image.digest, blobs: copied, bytes, referrers: 0 };
}

function isIndex({ mediaType }: Descriptor): boolean {
  return indexMediaTypes.includes(mediaType);
}

class Copy {
  readonly #source: ImageSource;
  readonly #sink: BlobSink;
  readonly #onBytes: (bytes: number) => void;
  readonly #manifests = new Reached();
  readonly #done = new Set<Digest>();
  readonly #counts = { copied: 0, mounted: 0, present: 0 };
  #bytes = 0;
  #passed = 0;
  #referrers = 0;

  constructor(source: ImageSource, sink: BlobSink, options: CopyOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#onBytes = options.onBytes ?? (() => undefined);
  }

  async run(root: Descriptor): Promise<CopyReport> {
    const bytes = await this.#manifest(root, 0);
    await this.#sink.finish(root, bytes);
    const counts = { ...this.#counts };
    return { digest: root.digest, blobs: counts, bytes: this.#bytes, referrers: this.#referrers };
  }

  async #manifest(descriptor: Descriptor, depth: number): Promise<Buffer> {
    const bytes = await readDocument(this.#source.blobs, descriptor);
    if (!this.#manifests.isNew(descriptor.digest, depth)) return bytes;
    this.#done.add(descriptor.digest);
    if (isIndex(descriptor)) {
      for (const member of parseIndex(bytes, descriptor.digest))
        await this.#manifest(member, depth + 1);
    } else {
      const { config, layers } = parseManifest(bytes, descriptor.digest);
      await this.#blobs([...layers, config]);
    }
    await this.#sink.putManifest(descriptor, bytes);
    if (depth >= reachLimits.depth) return bytes;
    for (const referrer of await this.#source.referrers(descriptor.digest)) {
      if (this.#done.has(referrer.digest)) continue;
      await this.#manifest(referrer, depth + 1);
      this.#referrers += 1;
    }
    return bytes;
  }

  async #blobs(descriptors: readonly Descriptor[]): Promise<void> {
    const waiting = descriptors.filter(({ digest }) => {
      const isNew = !this.#done.has(digest);
      this.#done.add(digest);
      return isNew;
    });
    let failure: { readonly error: unknown } | undefined;
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (failure !== undefined) return;
        await this.#blob(next).catch((error: unknown) => {
          failure ??= { error };
        });
      }
    };
    await Promise.all(Array.from({ length: this.#sink.parallel }, work));
    if (failure !== undefined) throw failure.error;
  }

  async #blob(descriptor: Descriptor): Promise<void> {
    if (await this.#sink.has(descriptor)) {
      this.#counts.present += 1;
      return;
    }
    const open = () => this.#counted(this.#source.blobs, descriptor);
    const how = await this.#sink.put(descriptor, open, this.#source.repository);
    this.#counts[how] += 1;
    if (how === "copied") this.#bytes += descriptor.size;
  }

  async *#counted(blobs: BlobReader, part: Descriptor): AsyncGenerator<Uint8Array> {
    for await (const chunk of partBytes(blobs, part)) {
      this.#passed += chunk.length;
      this.#onBytes(this.#passed);
      yield chunk;
    }
  }
}
