import {
  compareNames,
  type Layer,
  readTar,
  type TarEntry,
  type TarInput,
  type Tree,
  type TreeNode,
} from "@lithify/oci";
import { parentOf } from "../policy/resolve.ts";
import type { LayerChoice } from "./layer-choice.ts";
import { blockSize, memberBytes } from "./member-bytes.ts";
import { type Wanted, withWanted, writableDirectory } from "./wanted.ts";

/** One member of the layer that sealing adds. */
export interface AddedObject {
  /** As it shall be. */
  readonly node: TreeNode;
  /** The layer that holds a file's content. */
  readonly from?: Layer;
}

/**
 * What the added layer holds, in byte order: directories and small files of the layers that are
 * not written anew, directories that no header names, writable directories that are missing, and
 * every directory above these, because engines that unpack a layer on its own give a directory
 * without a header 0755 root:root and show that in the merged tree.
 */
export function addedObjects(
  tree: Tree,
  changes: ReadonlyMap<string, Wanted>,
  choices: readonly LayerChoice[],
  writable: readonly string[],
): readonly AddedObject[] {
  const added = new Map<string, AddedObject>();
  for (const choice of choices) {
    const adds = choice.action === "directories" || choice.action === "files";
    for (const node of choice.changed) {
      if (!adds && !isImplied(node)) continue;
      const changed = withWanted(node, changes.get(node.path));
      added.set(
        node.path,
        node.type === "file" ? { node: changed, from: choice.layer } : { node: changed },
      );
    }
  }
  for (const [path, wanted] of changes) {
    const node = tree.at(path);
    if (node?.layer === -1) added.set(path, { node: withWanted(node, wanted) });
  }
  for (const path of writable) {
    if (tree.at(path) === undefined) added.set(path, { node: newDirectory(path) });
  }
  for (const path of [...added.keys()]) addParents(path, added, tree, changes);
  return [...added.values()].sort((a, b) => compareNames(a.node.path, b.node.path));
}

/** The added layer as a tar archive. File contents are read from the layers that hold them. */
export async function* topLayerInputs(added: readonly AddedObject[]): AsyncGenerator<TarInput> {
  const bodies = await bodiesOf(added);
  for (const { node } of added) {
    const entry = entryOf(node);
    const body = bodies.get(node.path);
    yield body === undefined ? { entry } : { entry, body };
  }
}

/** Bytes of the whole archive; 0 for none. */
export function tarBytes(added: readonly AddedObject[]): number {
  if (added.length === 0) return 0;
  return added.reduce((total, { node }) => total + memberBytes(node), 2 * blockSize);
}

/** A directory that a layer's path implies has no header to patch; what replay gives it tells. */
function isImplied(node: TreeNode): boolean {
  return node.type === "directory" && node.mtime === 0 && node.mode === 0o755 && node.uid === 0;
}

function newDirectory(path: string): TreeNode {
  const { mode, uid, gid } = writableDirectory;
  return {
    path,
    type: "directory",
    mode,
    uid,
    gid,
    size: 0,
    xattrs: new Map(),
    mtime: 0,
    inode: -1,
    layer: -1,
  };
}

function addParents(
  path: string,
  added: Map<string, AddedObject>,
  tree: Tree,
  changes: ReadonlyMap<string, Wanted>,
): void {
  for (let at = parentOf(path); at !== "/"; at = parentOf(at)) {
    if (added.has(at)) continue;
    const node = tree.at(at);
    const missing = { ...newDirectory(at), mode: 0o755 };
    added.set(at, { node: node === undefined ? missing : withWanted(node, changes.get(at)) });
  }
}

function entryOf(node: TreeNode): TarEntry {
  const { type, mode, uid, gid, size, mtime, xattrs } = node;
  return { path: node.path.slice(1), type, mode, uid, gid, size, mtime, xattrs };
}

/** The contents of the added files; small by the plan's limit, so they are held in memory. The last of several members of one name counts. */
async function bodiesOf(added: readonly AddedObject[]): Promise<ReadonlyMap<string, Buffer>> {
  const bodies = new Map<string, Buffer>();
  const layers = new Set(added.flatMap((object) => object.from ?? []));
  for (const layer of layers) {
    const wanted = new Set(
      added.filter((object) => object.from === layer).map((object) => object.node.path),
    );
    for await (const { entry, body } of readTar(layer.uncompressed())) {
      const path = `/${entry.path}`;
      if (entry.type !== "file" || !wanted.has(path)) continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      bodies.set(path, Buffer.concat(chunks));
    }
  }
  return bodies;
}
