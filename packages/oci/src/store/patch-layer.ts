import { createHash } from "node:crypto";
import type { BlobStore } from "../blob/blob-store.ts";
import { decompress } from "../blob/compression.ts";
import type { DiffId } from "../blob/digest.ts";
import { encoderAnnotation } from "../blob/frames.ts";
import { type BytePatch, Unpatcher } from "../deflate/byte-patches.ts";
import { GzipPatcher } from "../deflate/gzip-patch.ts";
import { Unpatchable } from "../deflate/unpatchable.ts";
import type { Layer } from "../image/image.ts";
import { layerFromBlob } from "../image/layer.ts";
import type { TarEntry } from "../tar/entry.ts";
import type { TarPatch } from "../tar/patch.ts";
import { type ScannedLayer, scanLayer } from "../tree/replay.ts";

/** Stands in the descriptor of a layer in place of the name of an encoder: its bytes come from another layer's. */
export const patchedEncoder = "gzip-patched/1";

/**
 * A gzip layer with headers patched as `patchTar` does it, without compressing it anew; undefined where that cannot be
 * done: a header that would grow, or a stream that the patcher does not take. The new blob is read back: with the
 * patches taken away, its archive has to have the diffId of the layer before, so that what was read of the contents of
 * that layer holds for this one. @throws what reading the layer, writing and reading blobs throw
 */
export async function patchLayer(
  store: BlobStore,
  layer: Layer,
  scanned: ScannedLayer,
  patchOf: (entry: TarEntry) => TarPatch | undefined,
): Promise<{ readonly layer: Layer; readonly scanned: ScannedLayer } | undefined> {
  const patches = patchesOf(scanned, patchOf);
  if (patches === undefined) return undefined;
  try {
    const blob = await store.write(patched(layer.compressed(), patches));
    const { diffId, scanned: after } = await readBack(store.open(blob.digest, blob.size), layer, {
      patches,
      before: scanned,
    });
    const { mediaType } = layer.descriptor;
    const annotations = { [encoderAnnotation]: patchedEncoder };
    return {
      layer: layerFromBlob(store, { mediaType, ...blob, annotations }, diffId),
      scanned: after,
    };
  } catch (error) {
    if (error instanceof Unpatchable) return undefined;
    throw error;
  }
}

function patchesOf(
  { members, headers }: ScannedLayer,
  patchOf: (entry: TarEntry) => TarPatch | undefined,
): readonly BytePatch[] | undefined {
  if (headers === undefined) return undefined;
  const patches: BytePatch[] = [];
  for (const [number, { entry }] of members.entries()) {
    const patch = patchOf(entry);
    if (patch === undefined) continue;
    const change = headers.changeOf(number, entry, patch);
    if (change.answer === "grows") return undefined;
    if (change.answer === "bytes") patches.push(change.patch);
  }
  return patches;
}

async function* patched(
  bytes: AsyncIterable<Uint8Array>,
  patches: readonly BytePatch[],
): AsyncGenerator<Uint8Array> {
  const patcher = new GzipPatcher(patches);
  for await (const chunk of bytes) yield patcher.push(chunk);
  yield patcher.end();
}

/** Reads the archive of the new blob. @throws Unpatchable when it is not the old one but for the patches */
async function readBack(
  blob: AsyncIterable<Uint8Array>,
  layer: Layer,
  { patches, before }: { readonly patches: readonly BytePatch[]; readonly before: ScannedLayer },
): Promise<{ readonly diffId: DiffId; readonly scanned: ScannedLayer }> {
  const [now, once] = [createHash("sha256"), createHash("sha256")];
  const unpatcher = new Unpatcher(patches);
  const scan = scanLayer({ digests: false, headers: true });
  for await (const piece of decompress(blob, { passing: true })) {
    now.update(piece);
    once.update(unpatcher.piece(piece));
    scan.push(piece);
  }
  if (`sha256:${once.digest("hex")}` !== layer.diffId) {
    throw new Unpatchable("the patched stream has another content");
  }
  const { members, ...headers } = scan.end();
  const read = members.map(({ entry }, number) => ({ ...before.members[number], entry }));
  const diffId = `sha256:${now.digest("hex")}` as DiffId;
  return { diffId, scanned: { members: read, ...headers } };
}
