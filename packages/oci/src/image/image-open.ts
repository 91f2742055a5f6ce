import { Fault } from "@lithify/fault";
import { readBlob } from "../blob/blob-read.ts";
import type { BlobReader } from "../blob/blob-store.ts";
import type { DiffId, Digest } from "../blob/digest.ts";
import type { Image } from "./image.ts";
import { layerFromBlob } from "./layer.ts";
import { type Descriptor, mediaTypes, type Platform } from "./manifest.ts";
import {
  configMediaTypes,
  documentLimit,
  indexMediaTypes,
  manifestMediaTypes,
  parseConfig,
  parseImageManifest,
  parseIndex,
  parseManifest,
} from "./manifest-parse.ts";
import { fitsPlatform, memberFor, platformText, thisPlatform } from "./platform.ts";

/** Indexes inside indexes that are followed. */
const indexDepth = 4;

/**
 * The image whose manifest has this descriptor; `what` names it in faults. Layers are not read.
 * @throws Fault BLOB_UNKNOWN, DIGEST_MISMATCH, SIZE_MISMATCH, MANIFEST_INVALID
 */
export async function openImage(
  store: BlobReader,
  descriptor: Descriptor,
  what: string,
): Promise<Image> {
  const manifest = parseImageManifest(
    await readDocument(store, descriptor),
    `the manifest of ${what}`,
  );
  const configBytes = await readDocument(store, manifest.config);
  const config = parseConfig(configBytes, `the configuration of ${what}`);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new Fault("MANIFEST_INVALID", `the manifest of ${what}`, {
      why: "it has not as many layers as its configuration has diff_ids",
      values: { layers: manifest.layers.length, diffIds: diffIds.length },
    });
  }
  const { mediaType, digest, size } = descriptor;
  return {
    digest,
    descriptor: { mediaType, digest, size },
    manifest,
    config,
    layers: manifest.layers.map((layer, index) =>
      layerFromBlob(store, layer, diffIds[index] as DiffId),
    ),
  };
}

/**
 * The manifest for a platform when the descriptor is that of an index; the descriptor itself when it is not. Without
 * `platform` this machine's is looked for in an index, and an image that is in none is taken whatever it is for.
 * @throws Fault IMAGE_UNKNOWN for another platform than `platform`, LIMIT_EXCEEDED, and what reading throws
 */
export async function chooseManifest(
  store: BlobReader,
  descriptor: Descriptor,
  what: string,
  platform?: Platform,
): Promise<Descriptor> {
  let at = descriptor;
  for (let depth = 0; indexMediaTypes.includes(at.mediaType); depth += 1) {
    if (depth === indexDepth) {
      throw new Fault("LIMIT_EXCEEDED", `the index of ${what}`, { values: { depth } });
    }
    const members = parseIndex(await readDocument(store, at), `the index of ${what}`);
    at = memberFor(members, platform ?? thisPlatform(), what);
  }
  if (platform !== undefined && at.platform === undefined)
    await checkPlatform(store, at, what, platform);
  return at;
}

/** What is no image is for any platform. */
async function checkPlatform(
  store: BlobReader,
  descriptor: Descriptor,
  what: string,
  wanted: Platform,
): Promise<void> {
  const manifest = parseManifest(await readDocument(store, descriptor), `the manifest of ${what}`);
  if (!configMediaTypes.includes(manifest.config.mediaType)) return;
  const bytes = await readDocument(store, manifest.config);
  const { os, architecture, variant } = parseConfig(bytes, `the configuration of ${what}`);
  const found = { os, architecture, ...(typeof variant === "string" ? { variant } : {}) };
  if (fitsPlatform(found, wanted)) return;
  throw new Fault("IMAGE_UNKNOWN", `image ${what}`, {
    why: "it is for another platform",
    values: { platform: platformText(wanted), image: platformText(found) },
    hint: "Leave --platform out to take it as it is.",
  });
}

/** The descriptor of a manifest or index of which only the digest is known. */
export async function describeManifest(store: BlobReader, digest: Digest): Promise<Descriptor> {
  const bytes = await readBlob(store, digest, { limit: documentLimit });
  const known = [...manifestMediaTypes, ...indexMediaTypes];
  const stated = mediaTypeIn(bytes);
  const mediaType = known.find((type) => type === stated) ?? mediaTypes.manifest;
  return { mediaType, digest, size: bytes.length };
}

/** A manifest, index or configuration, whole and verified. A descriptor may carry no more than 4 MiB. */
export function readDocument(store: BlobReader, { digest, size }: Descriptor): Promise<Buffer> {
  return readBlob(store, digest, { limit: documentLimit, size });
}

function mediaTypeIn(bytes: Buffer): unknown {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as {
      mediaType?: unknown;
      manifests?: unknown;
    };
    return value.mediaType ?? (Array.isArray(value.manifests) ? mediaTypes.index : undefined);
  } catch {
    return undefined;
  }
}
