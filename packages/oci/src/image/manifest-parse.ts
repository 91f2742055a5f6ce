import { Fault } from "@lithify/fault";
import { type Digest, isDigest } from "../blob/digest.ts";
import {
  type Descriptor,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  type Platform,
} from "./manifest.ts";

/** Bytes of a manifest, index or configuration. Registries have the same limit for manifests. */
export const documentLimit = 4 * 1024 * 1024;
/** Layers, or members of an index. */
export const descriptorLimit = 4096;
/** Nesting of lists and objects in a document. */
export const depthLimit = 100;

const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
const dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
const dockerConfig = "application/vnd.docker.container.image.v1+json";

export const manifestMediaTypes: readonly string[] = [mediaTypes.manifest, dockerManifest];
export const indexMediaTypes: readonly string[] = [mediaTypes.index, dockerIndex];
export const configMediaTypes: readonly string[] = [mediaTypes.config, dockerConfig];
export const layerMediaTypes: readonly string[] = [
  mediaTypes.layer,
  mediaTypes.layerGzip,
  mediaTypes.layerZstd,
  "application/vnd.docker.image.rootfs.diff.tar",
  "application/vnd.docker.image.rootfs.diff.tar.gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd",
  ...[".tar", ".tar+gzip", ".tar+zstd"].map(
    (form) => `application/vnd.oci.image.layer.nondistributable.v1${form}`,
  ),
  "application/vnd.docker.image.rootfs.foreign.diff.tar",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

type Fields = Readonly<Record<string, unknown>>;

/**
 * An image manifest, OCI or Docker schema 2. `what` names it in a fault.
 * @throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED
 */
export function parseManifest(bytes: Uint8Array, what = "a manifest"): Manifest {
  const fields = documentOf(bytes, what);
  if (fields.schemaVersion === 1) {
    throw new Fault("MANIFEST_INVALID", what, {
      why: "it is of Docker's schema 1, which says nothing of diffIds and is not read",
      hint: "Convert the image: skopeo copy --format oci.",
    });
  }
  if (fields.schemaVersion !== 2) throw invalid(what, "schemaVersion is not 2");
  const mediaType = fields.mediaType ?? mediaTypes.manifest;
  if (typeof mediaType !== "string" || !manifestMediaTypes.includes(mediaType)) {
    throw invalid(what, "mediaType is not that of an image manifest");
  }
  const subject = fields.subject;
  return {
    schemaVersion: 2,
    mediaType,
    ...textFields(fields, what, "artifactType"),
    config: descriptorOf(fields.config, what, "config"),
    layers: descriptorsOf(fields.layers, what, "layers"),
    ...(subject === undefined ? {} : { subject: descriptorOf(subject, what, "subject") }),
    ...annotationsOf(fields, what, ""),
  };
}

/**
 * As `parseManifest`, and sure to be an image: configuration and layers have the media types of one.
 * @throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED
 */
export function parseImageManifest(bytes: Uint8Array, what = "a manifest"): Manifest {
  const manifest = parseManifest(bytes, what);
  if (!configMediaTypes.includes(manifest.config.mediaType)) {
    throw invalid(what, "config.mediaType is not that of an image", {
      mediaType: manifest.config.mediaType,
    });
  }
  for (const [index, { mediaType }] of manifest.layers.entries()) {
    if (!layerMediaTypes.includes(mediaType)) {
      throw invalid(what, `layers[${index}].mediaType is not that of a layer`, { mediaType });
    }
  }
  return manifest;
}

/** The members of an image index. @throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED */
export function parseIndex(bytes: Uint8Array, what = "an image index"): readonly Descriptor[] {
  const fields = documentOf(bytes, what);
  if (fields.schemaVersion !== 2) throw invalid(what, "schemaVersion is not 2");
  const { mediaType } = fields;
  if (mediaType !== undefined && !indexMediaTypes.includes(mediaType as string)) {
    throw invalid(what, "mediaType is not that of an image index");
  }
  return descriptorsOf(fields.manifests, what, "manifests");
}

/** An image configuration; unknown fields are kept. @throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED */
export function parseConfig(bytes: Uint8Array, what = "an image configuration"): ImageConfig {
  const fields = documentOf(bytes, what);
  textFields(fields, what, "created");
  textFields(fields, what, "author");
  for (const name of ["architecture", "os"]) {
    if (typeof fields[name] !== "string") throw invalid(what, `${name} is missing`);
  }
  const rootfs = recordOf(fields.rootfs, what, "rootfs");
  if (rootfs.type !== "layers") throw invalid(what, 'rootfs.type is not "layers"');
  const ids = listOf(rootfs.diff_ids, what, "rootfs.diff_ids");
  for (const [index, id] of ids.entries()) {
    if (typeof id !== "string" || !isDigest(id)) {
      throw invalid(what, `rootfs.diff_ids[${index}] is not a digest`);
    }
  }
  if (fields.history !== undefined && fields.history !== null) checkHistory(fields.history, what);
  const { config } = fields;
  if (config === undefined || config === null)
    return withoutNulls(fields) as unknown as ImageConfig;
  const process = checkProcess(config, what);
  return withoutNulls({ ...fields, config: process }) as unknown as ImageConfig;
}

/** Go writes empty lists and maps as null; for a reader that is the same as not there. */
function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function checkProcess(value: unknown, what: string): Fields {
  const fields = recordOf(value, what, "config");
  for (const name of ["User", "WorkingDir", "StopSignal"]) {
    const field = fields[name];
    if (field !== undefined && field !== null && typeof field !== "string") {
      throw invalid(what, `config.${name} is not a text`);
    }
  }
  for (const name of ["Env", "Entrypoint", "Cmd"]) {
    const field = fields[name];
    if (field === undefined || field === null) continue;
    const isTexts = Array.isArray(field) && field.every((item) => typeof item === "string");
    if (!isTexts) throw invalid(what, `config.${name} is not a list of texts`);
  }
  for (const name of ["Labels", "Volumes", "ExposedPorts"]) {
    const field = fields[name];
    if (field === undefined || field === null) continue;
    const record = recordOf(field, what, `config.${name}`);
    if (name === "Labels") checkTexts(record, what, "config.Labels");
  }
  return withoutNulls(fields);
}

function checkHistory(value: unknown, what: string): void {
  for (const [index, entry] of listOf(value, what, "history").entries()) {
    recordOf(entry, what, `history[${index}]`);
  }
}

/**
 * A descriptor. @throws Fault MANIFEST_INVALID
 */
export function descriptorOf(value: unknown, what: string, where: string): Descriptor {
  const fields = recordOf(value, what, where);
  const { mediaType, digest, size } = fields;
  if (typeof mediaType !== "string" || mediaType === "") {
    throw invalid(what, `${where}.mediaType is missing`);
  }
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw invalid(what, `${where}.digest is not a sha256 digest`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(what, `${where}.size is not a number of bytes`);
  }
  return {
    mediaType,
    digest: digest as Digest,
    size,
    ...annotationsOf(fields, what, `${where}.`),
    ...platformOf(fields, what, where),
    ...textFields(fields, what, "artifactType"),
  };
}

function descriptorsOf(value: unknown, what: string, where: string): readonly Descriptor[] {
  const list = listOf(value, what, where);
  return list.map((item, index) => descriptorOf(item, what, `${where}[${index}]`));
}

function platformOf(fields: Fields, what: string, where: string): { readonly platform?: Platform } {
  if (fields.platform === undefined || fields.platform === null) return {};
  const platform = recordOf(fields.platform, what, `${where}.platform`);
  const { os, architecture, variant } = platform;
  if (typeof os !== "string" || typeof architecture !== "string") {
    throw invalid(what, `${where}.platform has no os and architecture`);
  }
  return {
    platform: { os, architecture, ...(typeof variant === "string" ? { variant } : {}) },
  };
}

function annotationsOf(
  fields: Fields,
  what: string,
  where: string,
): { readonly annotations?: Readonly<Record<string, string>> } {
  if (fields.annotations === undefined || fields.annotations === null) return {};
  const annotations = recordOf(fields.annotations, what, `${where}annotations`);
  return { annotations: checkTexts(annotations, what, `${where}annotations`) };
}

function checkTexts(record: Fields, what: string, where: string): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value !== "string") throw invalid(what, `${where}.${name} is not a text`);
  }
  return record as Readonly<Record<string, string>>;
}

function textFields<Name extends string>(
  fields: Fields,
  what: string,
  name: Name,
): { readonly [key in Name]?: string } {
  const value = fields[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== "string") throw invalid(what, `${name} is not a text`);
  return { [name]: value } as { readonly [key in Name]?: string };
}

function documentOf(bytes: Uint8Array, what: string): Fields {
  if (bytes.length > documentLimit) {
    throw new Fault("LIMIT_EXCEEDED", what, {
      values: { bytes: bytes.length, limit: documentLimit },
    });
  }
  let value: unknown;
  if (depthOf(bytes) > depthLimit) {
    throw new Fault("LIMIT_EXCEEDED", `the nesting of ${what}`, { values: { limit: depthLimit } });
  }
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Fault("MANIFEST_INVALID", what, { why: "it is not JSON", cause: error });
  }
  return recordOf(value, what, "the document");
}

/** How deep brackets nest, those in texts left out. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (isText && byte === 0x5c) at += 1;
    else if (byte === 0x22) isText = !isText;
    else if (isText) continue;
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return deepest;
}

function recordOf(value: unknown, what: string, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(what, `${where} is ${value === undefined ? "missing" : "not an object"}`);
}

function listOf(value: unknown, what: string, where: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw invalid(what, `${where} is ${value === undefined ? "missing" : "not a list"}`);
  }
  if (value.length > descriptorLimit) {
    throw new Fault("LIMIT_EXCEEDED", `${where} of ${what}`, {
      values: { length: value.length, limit: descriptorLimit },
    });
  }
  return value;
}

function invalid(what: string, why: string, values?: Readonly<Record<string, string>>): Fault {
  return new Fault("MANIFEST_INVALID", what, values === undefined ? { why } : { why, values });
}
