import { createHash } from "node:crypto";
import { isFault } from "@lithify/fault";
import type { BlobStore } from "../blob/blob-store.ts";
import { decompress } from "../blob/compression.ts";
import type { DiffId } from "../blob/digest.ts";
import { encoderAnnotation } from "../blob/frames.ts";
import { Passage } from "../blob/passage.ts";
import { type BytePatch, Unpatcher } from "../deflate/byte-patches.ts";
import { patchedStream } from "../deflate/patched-stream.ts";
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
 * done: a header that would grow, or a stream that the patcher does not take. What is written is also expanded: with
 * the patches taken away, the archive has to have the diffId of the layer before, so that what was read of the contents of
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
    const passage = new Passage();
    const reading = readBack(passage.read(), layer, { patches, before: scanned }).catch(refused);
    reading.catch(() => undefined);
    const stream = patchedStream(layer.compressed(), patches, layer.descriptor.size);
    const blob = await store.write(handedOn(stream, passage));
    const { diffId, scanned: after } = await reading;
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

/** The new stream, on its way to the store and to whoever reads it back. */
async function* handedOn(
  pieces: AsyncIterable<Uint8Array>,
  passage: Passage,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces) {
      await passage.put(piece);
      yield piece;
    }
  } finally {
    passage.end();
  }
}

/** Whatever a reader does not take of the new stream, it is not to be used. */
function refused(error: unknown): never {
  if (isFault(error)) throw new Unpatchable(error.message);
  throw error;
}

/** Expands the new stream. @throws Unpatchable when it is not the old one but for the patches */
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
    scan.push(piece);
    // Nobody else has the piece
    unpatcher.takeBack(piece);
    once.update(piece);
  }
  if (`sha256:${once.digest("hex")}` !== layer.diffId) {
    throw new Unpatchable("the patched stream has another content");
  }
  const { members, ...headers } = scan.end();
  const read = members.map(({ entry }, number) => ({ ...before.members[number], entry }));
  const diffId = `sha256:${now.digest("hex")}` as DiffId;
  return { diffId, scanned: { members: read, ...headers } };
}
