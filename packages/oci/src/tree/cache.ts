import { hash } from "node:crypto";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { isFault } from "@lithify/fault";
import type { Image } from "../image/image.ts";
import type { Store } from "../store/store.ts";
import type { TreeColumns } from "./column-nodes.ts";
import { packTree, unpackTree } from "./columns.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";
import { type ReplayOptions, replay, replayOver } from "./replay.ts";
import type { Tree } from "./tree.ts";

/** The merged tree of an image, and what the watch noted of contents, by path. */
export interface ImageTree {
  readonly tree: Tree;
  readonly notes: ReadonlyMap<string, string>;
  /** The digest of the cached form; absent where the layers were read. */
  readonly kept?: string;
}

export interface ImageTreeOptions extends ReplayOptions {
  /** Where the tree is kept for the next time; without it the layers are read. */
  readonly store?: Pick<Store, "cacheDirectory">;
  /** Read the layers whatever is kept, and keep what they give. */
  readonly fresh?: boolean;
}

/** Trees that a store keeps; the ones not used for the longest time go first. */
export const cachedTrees = 64;

/** Bytes of a cached tree: a larger one is not kept. */
export const cachedTreeBytes = 1024 * 1024 * 1024;

/** Changes with the form of what is stored. */
const form = "lithify-tree 2\n";

/**
 * The merged tree of an image: from the store's cache, or replayed and kept there. The cache is derived data, keyed by
 * the diffIds of the layers and believed only when its bytes hash to the digest in front of them, and only from a file
 * that nobody but this user or root can write; whatever else is there is ignored, and replaced.
 * @throws what `replayLayers` throws; never because of the cache
 */
export async function imageTree(
  image: Pick<Image, "layers">,
  options: ImageTreeOptions = {},
): Promise<ImageTree> {
  const { store } = options;
  if (store === undefined) return replay(image.layers, options);
  const open = opened.get(image.layers);
  if (open !== undefined && options.fresh !== true && answers(open, options)) return open.found;
  const found = await fromCache(image, store, options);
  opened.set(image.layers, { ...headOf(options), found });
  return found;
}

/** Trees that this process has, as long as it has the image: a seal is verified and then audited. */
const opened = new WeakMap<Image["layers"], Head & { readonly found: ImageTree }>();

async function fromCache(
  image: Pick<Image, "layers">,
  store: Pick<Store, "cacheDirectory">,
  options: ImageTreeOptions,
): Promise<ImageTree> {
  const directory = directoryOf(store);
  if (directory === undefined) return replay(image.layers, options);
  const path = join(directory, keyOf(image.layers));
  const kept = options.fresh === true ? undefined : await keptTree(path);
  if (kept !== undefined && answers(kept, options)) {
    const found = unpackTree(kept.columns);
    await utimes(path, new Date(), new Date()).catch(() => undefined);
    return { ...found, kept: kept.digest };
  }
  const { tree, notes } = await replayed(image.layers, directory, options);
  // One that has less does not take the place of one that has more
  if (kept === undefined || options.watch !== undefined || options.digests !== false) {
    await keep(directory, keyOf(image.layers), { tree, notes }, options);
  }
  return { tree, notes };
}

function keyOf(layers: Image["layers"]): string {
  return hash("sha256", layers.map(({ diffId }) => diffId).join("\n"));
}

/** Where the tree of all layers but the last is kept, only the last is read: that of a build, or of a seal. */
async function replayed(
  layers: Image["layers"],
  directory: string,
  options: ImageTreeOptions,
): Promise<ImageTree> {
  const last = layers.at(-1);
  if (last === undefined || layers.length < 2 || options.fresh === true) {
    return replay(layers, options);
  }
  const below = await keptTree(join(directory, keyOf(layers.slice(0, -1))));
  if (below === undefined || !answers(below, options)) return replay(layers, options);
  return replayOver(unpackTree(below.columns), last, layers.length - 1, options);
}

interface Head {
  readonly digests: boolean;
  /** Name of the watch, or nothing. */
  readonly watch: string;
}

interface Kept extends Head {
  readonly columns: TreeColumns;
}

/** Of the bytes that it was read from. */
interface Found extends Kept {
  readonly digest: string;
}

function headOf(options: ImageTreeOptions): Head {
  return { digests: options.digests !== false, watch: options.watch?.name ?? "" };
}

function answers(kept: Head, { digests, watch }: ImageTreeOptions): boolean {
  return (digests === false || kept.digests) && (watch === undefined || kept.watch === watch.name);
}

function directoryOf(store: Pick<Store, "cacheDirectory">): string | undefined {
  try {
    return store.cacheDirectory("trees");
  } catch {
    return undefined;
  }
}

async function keptTree(path: string): Promise<Found | undefined> {
  const file = await readOwnFile(path, form, cachedTreeBytes);
  if (file === undefined) return undefined;
  try {
    return { ...(deserialize(file.body) as Kept), digest: file.digest };
  } catch {
    return undefined;
  }
}

async function keep(
  directory: string,
  name: string,
  { tree, notes }: ImageTree,
  options: ImageTreeOptions,
): Promise<void> {
  const kept: Kept = { ...headOf(options), columns: packTree(tree, notes) };
  try {
    const body = serialize(kept);
    if (body.length > cachedTreeBytes) return;
    await writeOwnFile(directory, name, { form, body, count: cachedTrees });
  } catch (error) {
    if (!isFault(error) && !(error instanceof RangeError)) throw error;
  }
}
