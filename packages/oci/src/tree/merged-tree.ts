import { sortNames } from "../tar/name-bytes.ts";
import { resolvePath } from "./resolve.ts";
import type { Resolution, Tree, TreeNode } from "./tree.ts";

/**
 * A tree of these nodes. Directories that are implied by a path but not given are made: root's, 0755.
 * When a path comes twice the later node counts.
 */
export function treeFromNodes(nodes: Iterable<TreeNode>): Tree {
  const byPath = new Map<string, TreeNode>();
  let inode = 0;
  for (const node of nodes) {
    byPath.set(node.path, node);
    if (node.inode > inode) inode = node.inode;
  }
  const implied = (path: string) => {
    inode += 1;
    byPath.set(path, impliedDirectory(path, inode));
  };
  if (!byPath.has("/")) implied("/");
  for (const path of [...byPath.keys()]) {
    for (let at = parentOf(path); !byPath.has(at); at = parentOf(at)) implied(at);
  }
  return new MergedTree(sortNames([...byPath.keys()]).map((path) => byPath.get(path) as TreeNode));
}

/** A tree of nodes that come in the order of a tree, none missing and none twice: what a tree gave when it was iterated. */
export function treeFromSorted(nodes: Iterable<TreeNode>): Tree {
  return new MergedTree(nodes);
}

/** The directory that a path lies in; "/" for the root itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

function impliedDirectory(path: string, inode: number): TreeNode {
  const attributes = { type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0 } as const;
  return { path, ...attributes, xattrs: new Map(), mtime: 0, inode, layer: -1 };
}

class MergedTree implements Tree {
  readonly #nodes = new Map<string, TreeNode>();
  /** Made when first asked for: not every reader walks directories or asks for hard links. */
  #names: ReadonlyMap<string, readonly string[]> | undefined;
  #links: ReadonlyMap<number, readonly string[]> | undefined;

  constructor(sorted: Iterable<TreeNode>) {
    for (const node of sorted) this.#nodes.set(node.path, node);
  }

  get size(): number {
    return this.#nodes.size;
  }

  [Symbol.iterator](): Iterator<TreeNode> {
    return this.#nodes.values();
  }

  at(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  names(path: string): readonly string[] {
    this.#names ??= namesIn(this.#nodes.keys());
    return this.#names.get(path) ?? [];
  }

  linksOf(node: TreeNode): readonly string[] {
    this.#links ??= linksIn(this.#nodes.values());
    return this.#links.get(node.inode) ?? [node.path];
  }

  resolve(path: string): Resolution {
    return resolvePath(this, path);
  }
}

function namesIn(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of paths) {
    if (path === "/") continue;
    const parent = parentOf(path);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const names = found.get(parent);
    if (names === undefined) found.set(parent, [name]);
    else names.push(name);
  }
  for (const names of found.values()) sortNames(names);
  return found;
}

function linksIn(nodes: Iterable<TreeNode>): ReadonlyMap<number, readonly string[]> {
  const firstOf = new Map<number, string>();
  const found = new Map<number, string[]>();
  for (const { type, inode, path } of nodes) {
    if (type === "directory") continue;
    const first = firstOf.get(inode);
    if (first === undefined) {
      firstOf.set(inode, path);
      continue;
    }
    const links = found.get(inode);
    if (links === undefined) found.set(inode, [first, path]);
    else links.push(path);
  }
  return found;
}
