import {
  type DiffId,
  encoderAnnotation,
  encoderOf,
  KeptFrames,
  type Layer,
  type LayerScan,
  mediaTypes,
  patchLayer,
  patchTar,
  type ScannedLayer,
  type Store,
  scanLayer,
  type TarEntry,
  type TarPatch,
  type Tree,
} from "@lithify/oci";
import { contentWatch } from "../contents/content-watch.ts";
import type { SealPlan } from "./plan.ts";

/** Layers as they were read, or written: none of them need be read again. */
export type Scans = Map<DiffId, ScannedLayer>;

interface Rewriting {
  readonly layer: Layer;
  readonly index: number;
  readonly plan: SealPlan;
  /** Of the image before. */
  readonly tree: Tree;
  readonly scans: Scans;
}

/**
 * The layer with the attributes of its objects patched; objects that a higher layer hides stay as they are. A gzip
 * stream is changed in place as far as that goes; else the layer is compressed anew.
 */
export async function rewritten(store: Store, rewriting: Rewriting): Promise<Layer> {
  const { layer, index, plan, tree, scans } = rewriting;
  const patchOf = (entry: TarEntry): TarPatch | undefined => {
    const path = `/${entry.path}`;
    return tree.at(path)?.layer === index ? plan.changes.get(path) : undefined;
  };
  const before = scans.get(layer.diffId);
  const inPlace =
    before === undefined || compressionOf(layer) !== "gzip"
      ? undefined
      : await patchLayer(store, layer, before, patchOf);
  const done = inPlace ?? (await compressedAnew(store, layer, patchOf));
  scans.set(done.layer.diffId, done.scanned);
  return done.layer;
}

/** Compressed frames whose bytes did not change are used again where the encoder is the same, which gives the same blob. */
async function compressedAnew(
  store: Store,
  layer: Layer,
  patchOf: (entry: TarEntry) => TarPatch | undefined,
): Promise<{ readonly layer: Layer; readonly scanned: ScannedLayer }> {
  const compression = compressionOf(layer);
  const isOwn =
    compression !== "none" &&
    layer.descriptor.annotations?.[encoderAnnotation] === encoderOf(compression);
  const reused = isOwn ? { kept: new KeptFrames() } : {};
  // Compressed, pieces are copied into blocks; plain, they wait for the disk
  const passing = compression !== "none";
  const tar = patchTar(layer.uncompressed({ ...reused, passing }), patchOf);
  const scan = scanLayer({ watch: contentWatch, headers: true });
  const written = await store.writeLayer(passedBy(tar, scan), { compression, ...reused });
  return { layer: written, scanned: scan.end() };
}

async function* passedBy(
  tar: AsyncIterable<Uint8Array>,
  scan: LayerScan,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of tar) {
    scan.push(chunk);
    yield chunk;
  }
}

function compressionOf(layer: Layer): "gzip" | "zstd" | "none" {
  const { mediaType } = layer.descriptor;
  if (mediaType.endsWith(".tar")) return "none";
  return mediaType === mediaTypes.layerZstd ? "zstd" : "gzip";
}
