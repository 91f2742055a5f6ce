import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";

export interface LayerSize {
  readonly diffId: string;
  /** Bytes of the tar. */
  readonly uncompressed: number;
  /** Bytes of the blob as a registry would keep it. */
  readonly compressed: number;
}

/** What an image weighs, read from an OCI layout that holds it alone. */
export interface ImageSize {
  readonly layers: readonly LayerSize[];
}

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

interface Configuration {
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** Inflates every layer to count its bytes. @throws when the folder is no layout with a named image */
export async function imageSize(layout: string): Promise<ImageSize> {
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const index: Index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const named = index.manifests.find(
    (entry) => entry.annotations?.["org.opencontainers.image.ref.name"] !== undefined,
  );
  if (named === undefined) throw new Error("the layout has no named image");
  const manifest: Manifest = JSON.parse(readFileSync(blob(named.digest), "utf8"));
  const configuration: Configuration = JSON.parse(
    readFileSync(blob(manifest.config.digest), "utf8"),
  );
  const layers: LayerSize[] = [];
  for (const [position, layer] of manifest.layers.entries())
    layers.push({
      diffId: configuration.rootfs.diff_ids[position] ?? "",
      uncompressed: await inflatedSize(blob(layer.digest)),
      compressed: layer.size,
    });
  return { layers };
}

/** Of a gzip or zstd file; any other file counts as it is. */
async function inflatedSize(file: string): Promise<number> {
  let size = 0;
  const count = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) size += chunk.length;
  };
  const magic = (await firstBytes(file)).toString("hex");
  if (magic.startsWith("1f8b")) await pipeline(createReadStream(file), createGunzip(), count);
  else if (magic === "28b52ffd")
    await pipeline(createReadStream(file), createZstdDecompress(), count);
  else await pipeline(createReadStream(file), count);
  return size;
}

async function firstBytes(file: string): Promise<Buffer> {
  for await (const chunk of createReadStream(file, { end: 3 })) return chunk as Buffer;
  return Buffer.alloc(0);
}

/** How much heavier `after` is than `before`, and what of it someone who has `before` has to fetch. */
export function growth(
  before: ImageSize,
  after: ImageSize,
): {
  readonly uncompressed: number;
  readonly compressed: number;
  readonly toFetch: number;
} {
  const had = new Set(before.layers.map((layer) => layer.diffId));
  const added = after.layers.filter((layer) => !had.has(layer.diffId));
  return {
    uncompressed: total(after.layers, "uncompressed") - total(before.layers, "uncompressed"),
    compressed: total(after.layers, "compressed") - total(before.layers, "compressed"),
    toFetch: total(added, "compressed"),
  };
}

function total(layers: readonly LayerSize[], part: "uncompressed" | "compressed"): number {
  return layers.reduce((sum, layer) => sum + layer[part], 0);
}
