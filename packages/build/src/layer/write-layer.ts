import { compareNames, type Layer, type Store, type TarEntry, writeTar } from "@lithify/oci";
import { type Content, directoryEntry, type LayerEntry, parentOf } from "./entry.ts";
import type { FileIndex } from "./file-index.ts";

/** A layer just written, and its entries as they stand in it. */
export interface WrittenLayer {
  readonly layer: Layer;
  readonly entries: readonly TarEntry[];
}

/**
 * Writes entries as a layer that depends on nothing but them and `epoch`: sorted by path, every time the same,
 * no names of owners. Directories above an entry are written too, with the attributes that they have in `below`
 * (0755 root where it has none), because tools that unpack a layer alone would invent them.
 */
export async function writeLayer(
  store: Store,
  entries: Iterable<LayerEntry>,
  options: {
    readonly epoch: number;
    readonly below: FileIndex;
    readonly compression?: "gzip" | "zstd";
  },
): Promise<WrittenLayer> {
  const sorted = sortedEntries(entries, options.below);
  const written = tarEntries(sorted, options.epoch);
  const archive = async function* () {
    for (const { entry, content } of written)
      yield content === undefined ? { entry } : { entry, body: content.open() };
  };
  const layer = await store.writeLayer(
    writeTar(archive()),
    options.compression === undefined ? {} : { compression: options.compression },
  );
  return { layer, entries: written.map(({ entry }) => entry) };
}

function sortedEntries(entries: Iterable<LayerEntry>, below: FileIndex): readonly LayerEntry[] {
  const all = new Map<string, LayerEntry>();
  for (const entry of entries) all.set(entry.path, entry);
  for (const path of [...all.keys()])
    for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) {
      if (all.has(parent)) continue;
      const known = below.at(parent);
      const directory = directoryEntry(parent, known?.mode ?? 0o755, known ?? { uid: 0, gid: 0 });
      all.set(parent, known === undefined ? directory : { ...directory, xattrs: known.xattrs });
    }
  return [...all.values()].sort((a, b) => compareNames(a.path, b.path));
}

/** Of entries that share content the first is the file and the others are hard links to it. */
function tarEntries(
  entries: readonly LayerEntry[],
  epoch: number,
): readonly { readonly entry: TarEntry; readonly content?: Content }[] {
  const firstPath = new Map<Content, string>();
  return entries.map(({ content, ...entry }) => {
    const target = content === undefined ? undefined : firstPath.get(content);
    if (target !== undefined)
      return { entry: { ...entry, type: "hardlink", size: 0, mtime: epoch, target } };
    if (content === undefined) return { entry: { ...entry, mtime: epoch } };
    firstPath.set(content, entry.path);
    return { entry: { ...entry, mtime: epoch }, content };
  });
}
