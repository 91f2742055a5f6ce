import { createHash } from "node:crypto";
import { isFault } from "@lithify/fault";
import type { BlobStore } from "../blob/blob-store.ts";
import { decompress } from "../blob/compression.ts";
import type { DiffId } from "../blob/digest.ts";
import { encoderAnnotation } from "../blob/frames.ts";
import { Passage } from "../blob/passage.ts";
import { type BytePatch, Unpatcher } from "../deflate/byte-patches.ts";
import { Unpatchable } from "../deflate/unpatchable.ts";
import type { Layer } from "../image/image.ts";
import { layerFromBlob } from "../image/layer.ts";
import type { TarEntry } from "../tar/entry.ts";
import type { TarPatch } from "../tar/patch.ts";
import type { ScannedLayer } from "../tree/replay.ts";

/** Stands in the descriptor of a layer in place of the name of an encoder: its bytes come from another layer's. */
export const patchedEncoder = "gzip-patched/1";

/**
 * A gzip layer with headers patched as `patchTar` does it, without compressing it anew; undefined where that cannot be
 * done: a header that would grow, or a stream that the patcher does not take. What is written is also expanded: with
 * the patches taken away, the archive has to have the diffId of the layer before, so that what was read of that layer
 * holds for this one, but for the patches, and what their bytes say is read from them. @throws what reading the layer, writing and reading blobs throw
 */
export async function patchLayer(
  store: BlobStore,
  layer: Layer,
  scanned: ScannedLayer,
  patchOf: (entry: TarEntry) => TarPatch | undefined,
): Promise<{ readonly layer: Layer; readonly scanned: ScannedLayer } | undefined> {
  try {
    const changed = changedBy(scanned, patchOf);
    if (changed === undefined) return undefined;
    const { patches } = changed;
    const passage = new Passage();
    const reading = readBack(passage.read(), layer, patches).catch(refused);
    reading.catch(() => undefined);
    // most of those who open a store patch nothing
    const { patchedStream } = await import("../deflate/patched-stream.ts");
    const stream = patchedStream(layer.compressed(), patches, layer.descriptor.size);
    const blob = await store.write(handedOn(stream, passage));
    const diffId = await reading;
    const { mediaType } = layer.descriptor;
    const annotations = { [encoderAnnotation]: patchedEncoder };
    return {
      layer: layerFromBlob(store, { mediaType, ...blob, annotations }, diffId),
      scanned: changed.scanned,
    };
  } catch (error) {
    if (error instanceof Unpatchable) return undefined;
    throw error;
  }
}

/** The changes of the layer's bytes, and what is read of it with them. @throws Unpatchable */
function changedBy(
  { members, headers }: ScannedLayer,
  patchOf: (entry: TarEntry) => TarPatch | undefined,
): { readonly patches: readonly BytePatch[]; readonly scanned: ScannedLayer } | undefined {
  if (headers === undefined) return undefined;
  const patches = new Map<number, BytePatch>();
  const after = [...members];
  for (const [number, member] of members.entries()) {
    const patch = patchOf(member.entry);
    if (patch === undefined) continue;
    const change = headers.changeOf(number, member.entry, patch);
    if (change.answer === "grows") return undefined;
    if (change.answer === "same") continue;
    patches.set(number, change.patch);
    after[number] = { ...member, entry: change.entry };
  }
  const scanned = { members: after, headers: headers.patched(patches) };
  return { patches: [...patches.values()], scanned };
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
  patches: readonly BytePatch[],
): Promise<DiffId> {
  const [now, once] = [createHash("sha256"), createHash("sha256")];
  const unpatcher = new Unpatcher(patches);
  for await (const piece of decompress(blob, { passing: true })) {
    now.update(piece);
    // Nobody else has the piece
    unpatcher.takeBack(piece);
    once.update(piece);
  }
  if (`sha256:${once.digest("hex")}` !== layer.diffId) {
    throw new Unpatchable("the patched stream has another content");
  }
  return `sha256:${now.digest("hex")}` as DiffId;
}
