import type { Digest } from "../blob/digest.ts";
import { partBytes } from "../image/foreign-layer.ts";
import { openImage, readDocument } from "../image/image-open.ts";
import type { Descriptor, Manifest } from "../image/manifest.ts";
import {
  configMediaTypes,
  indexMediaTypes,
  parseIndex,
  parseManifest,
} from "../image/manifest-parse.ts";
import type { ImageSource } from "../image/place.ts";
import { Reached } from "./reach.ts";

export interface ValidateReport {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Layers whose archive hashes to the diffId of the configuration. */
  readonly layers: number;
  /** The manifests whose layers were expanded. */
  readonly images: readonly Descriptor[];
  readonly referrers: readonly Descriptor[];
}

/**
 * Reads everything that an image consists of: every blob hashed, every manifest parsed, every layer expanded and
 * hashed, what is attached too. @throws the Fault of the first thing that is wrong
 */
export async function validateSource(source: ImageSource): Promise<ValidateReport> {
  const manifests = new Reached();
  const seen = new Set<Digest>();
  const images: Descriptor[] = [];
  const referrers: Descriptor[] = [];
  let bytes = 0;
  let layers = 0;
  const queue: { readonly at: Descriptor; readonly depth: number }[] = [];
  const enqueue = (more: readonly Descriptor[], depth: number) => {
    for (const at of more) queue.push({ at, depth });
  };
  enqueue([source.root], 0);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { at, depth } = next;
    if (!manifests.isNew(at.digest, depth)) continue;
    const document = await readDocument(source.blobs, at);
    if (indexMediaTypes.includes(at.mediaType)) {
      enqueue(parseIndex(document, at.digest), depth + 1);
    } else {
      const manifest = parseManifest(document, at.digest);
      bytes += await readBlobs(source, manifest, seen);
      if (isImage(manifest)) {
        layers += await expandLayers(source, at);
        images.push(at);
      }
    }
    const found = await source.referrers(at.digest);
    referrers.push(...found);
    enqueue(found, depth + 1);
  }
  return { manifests: manifests.size, blobs: seen.size, bytes, layers, images, referrers };
}

async function readBlobs(
  { blobs }: ImageSource,
  { config, layers }: Manifest,
  seen: Set<Digest>,
): Promise<number> {
  let bytes = 0;
  for (const part of [config, ...layers]) {
    if (seen.has(part.digest)) continue;
    seen.add(part.digest);
    for await (const chunk of partBytes(blobs, part)) bytes += chunk.length;
  }
  return bytes;
}

/** Artifacts have no layers to expand, nor do the attestations that BuildKit puts into an index. */
function isImage({ config, layers, subject }: Manifest): boolean {
  const isAttestation = layers.some(({ mediaType }) => mediaType.includes("in-toto"));
  return configMediaTypes.includes(config.mediaType) && subject === undefined && !isAttestation;
}

async function expandLayers({ blobs }: ImageSource, descriptor: Descriptor): Promise<number> {
  const { layers } = await openImage(blobs, descriptor, descriptor.digest);
  for (const layer of layers) for await (const chunk of layer.uncompressed()) void chunk;
  return layers.length;
}
