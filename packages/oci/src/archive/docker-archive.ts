import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { type Compression, compressionOf } from "../blob/compression.ts";
import { type Digest, digestOf, hexOf } from "../blob/digest.ts";
import { documentBytes } from "../image/document.ts";
import type { Image, Layer } from "../image/image.ts";
import { type Descriptor, mediaTypes } from "../image/manifest.ts";
import { documentLimit, parseConfig } from "../image/manifest-parse.ts";
import type { ImageSource } from "../image/place.ts";
import { type TarInput, writeTar } from "../tar/write.ts";
import { fileEntry } from "./oci-archive.ts";
import { archiveFault, TarFile } from "./tar-file.ts";

interface Row {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const layerTypes: Readonly<Record<Compression, string>> = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
};

/**
 * An image of an archive as `docker save` writes it. Such an archive has no manifest: an OCI one is made, whose bytes
 * depend on configuration and layers alone; layers stay as they are.
 * @throws Fault IMAGE_ARCHIVE_INVALID, IMAGE_UNKNOWN, MANIFEST_INVALID
 */
export async function openDockerArchive(
  path: string,
  ref: string | undefined,
): Promise<ImageSource> {
  const file = await TarFile.open(path);
  try {
    const row = chosenRow(
      rowsOf(await file.bytes("manifest.json", documentLimit), path),
      ref,
      path,
    );
    const configBytes = await file.bytes(row.Config, documentLimit);
    const { rootfs } = parseConfig(configBytes, `the configuration of ${path}`);
    if (rootfs.diff_ids.length !== row.Layers.length) {
      throw archiveFault(path, "its configuration has not as many diff_ids as it has layers");
    }
    const names = new Map<Digest, string>();
    const layers: Descriptor[] = [];
    for (const [index, name] of row.Layers.entries()) {
      const layer = await layerDescriptor(file, name, rootfs.diff_ids[index] as string as Digest);
      names.set(layer.digest, name);
      layers.push(layer);
    }
    const config = digestOf(configBytes);
    names.set(config, row.Config);
    const manifest = documentBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: config, size: configBytes.length },
      layers,
    });
    const root = {
      mediaType: mediaTypes.manifest,
      digest: digestOf(manifest),
      size: manifest.length,
    };
    return {
      root,
      blobs: {
        async *open(digest, size) {
          if (digest === root.digest) yield Buffer.from(manifest);
          else yield* file.verified(names.get(digest) ?? digest, digest, size);
        },
      },
      referrers: async () => [],
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The archive that `docker load` takes: gzip and plain layers as they are, others expanded (older engines do not
 * read zstd). The engine's image id is the digest of the configuration. A piece is the reader's own.
 */
export async function* dockerArchive(
  image: Image,
  configBytes: Uint8Array,
  name: string | undefined,
): AsyncGenerator<Uint8Array> {
  const config = `${hexOf(image.manifest.config.digest)}.json`;
  const parts = await Promise.all(image.layers.map(layerPart));
  const row = {
    Config: config,
    RepoTags: name === undefined ? [] : [name],
    Layers: parts.map((part) => part.name),
  };
  const inputs: TarInput[] = [];
  for (const part of new Map(parts.map((each) => [each.name, each])).values()) {
    inputs.push({ entry: fileEntry(part.name, part.size), body: part.open() });
  }
  const manifest = Buffer.from(JSON.stringify([row]));
  yield* writeTar([
    ...inputs,
    { entry: fileEntry(config, configBytes.length), body: Buffer.from(configBytes) },
    { entry: fileEntry("manifest.json", manifest.length), body: manifest },
  ]);
}

async function layerPart(layer: Layer) {
  const { mediaType, size } = layer.descriptor;
  const isPlain = mediaType.endsWith(".tar");
  if (isPlain || mediaType.endsWith("gzip")) {
    const name = `${hexOf(layer.digest)}.tar${isPlain ? "" : ".gz"}`;
    return { name, size, open: () => layer.compressed() };
  }
  let expanded = 0;
  for await (const chunk of layer.uncompressed({ passing: true })) expanded += chunk.length;
  return { name: `${hexOf(layer.diffId)}.tar`, size: expanded, open: () => layer.uncompressed() };
}

async function layerDescriptor(file: TarFile, name: string, diffId: Digest): Promise<Descriptor> {
  const size = file.sizeOf(name);
  const first = await file.read(name).next();
  const compression = compressionOf(first.value ?? new Uint8Array());
  const mediaType = layerTypes[compression];
  if (compression === "none") return { mediaType, digest: diffId, size };
  const hash = createHash("sha256");
  for await (const chunk of file.read(name)) hash.update(chunk);
  return { mediaType, digest: `sha256:${hash.digest("hex")}` as Digest, size };
}

function rowsOf(bytes: Buffer, path: string): readonly Row[] {
  let rows: unknown;
  try {
    rows = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw archiveFault(path, "its manifest.json is not JSON", { cause: error });
  }
  if (!Array.isArray(rows) || rows.length > 4096)
    throw archiveFault(path, "its manifest.json is no list");
  return rows.map((row) => {
    const { Config, Layers, RepoTags } = (row ?? {}) as Record<string, unknown>;
    const tags = RepoTags ?? [];
    if (typeof Config !== "string" || !isTexts(Layers) || !isTexts(tags)) {
      throw archiveFault(path, "its manifest.json lacks Config or Layers");
    }
    return { Config, Layers, RepoTags: tags };
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length <= 4096 && value.every((item) => typeof item === "string")
  );
}

function chosenRow(rows: readonly Row[], ref: string | undefined, path: string): Row {
  const wanted = ref === undefined ? undefined : dockerName(ref);
  const found = rows.filter(
    (row) => wanted === undefined || row.RepoTags.some((tag) => dockerName(tag) === wanted),
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new Fault("IMAGE_UNKNOWN", `the image of ${path}`, {
    why: found.length === 0 ? "the archive has none of this name" : "the archive has several",
    values: { images: rows.flatMap((row) => row.RepoTags).join(" ") },
    hint: "Name one of its images: docker-archive:FILE:NAME:TAG.",
  });
}

/** `web` is `docker.io/library/web:latest`; skopeo writes the long form, Docker the short one. */
function dockerName(ref: string): string {
  const tagged = ref.lastIndexOf(":") > ref.lastIndexOf("/") ? ref : `${ref}:latest`;
  return tagged.replace(/^docker\.io\//, "").replace(/^library\//, "");
}
