import { sortNames } from "../tar/name-bytes.ts";
import { Children } from "./children.ts";
import { PathNumbers } from "./path-numbers.ts";
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
export function treeFromSorted(nodes: readonly TreeNode[], parents?: Int32Array): Tree {
  return new MergedTree(nodes, parents);
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
  readonly #nodes: readonly TreeNode[];
  readonly #numbers: PathNumbers;
  /** Made when first asked for: not every reader walks directories or asks for hard links. */
  #children: Children | undefined;
  #links: ReadonlyMap<number, readonly string[]> | undefined;
  #parents: Int32Array | undefined;

  constructor(sorted: readonly TreeNode[], parents?: Int32Array) {
    this.#nodes = sorted;
    this.#parents = parents;
    this.#numbers = new PathNumbers(sorted);
  }

  get size(): number {
    return this.#nodes.length;
  }

  [Symbol.iterator](): Iterator<TreeNode> {
    return this.#nodes.values();
  }

  at(path: string): TreeNode | undefined {
    const number = this.#numbers.of(path);
    return number === undefined ? undefined : this.#nodes[number];
  }

  numberOf(path: string): number | undefined {
    return this.#numbers.of(path);
  }

  parents(): Int32Array {
    this.#parents ??= parentNumbers(this.#nodes);
    return this.#parents;
  }

  names(path: string): readonly string[] {
    this.#children ??= new Children(this.#nodes, this.parents());
    const number = this.#numbers.of(path);
    return number === undefined ? [] : this.#children.names(number);
  }

  linksOf(node: TreeNode): readonly string[] {
    this.#links ??= linksIn(this.#nodes);
    return this.#links.get(node.inode) ?? [node.path];
  }

  resolve(path: string): Resolution {
    return resolvePath(this, path);
  }
}

/** Neighbours mostly lie in one directory, so that it is rarely looked up. */
function parentNumbers(nodes: readonly TreeNode[]): Int32Array {
  const directories = new Map<string, number>();
  const parents = new Int32Array(nodes.length);
  let last = "";
  let lastNumber = 0;
  nodes.forEach(({ path, type }, number) => {
    if (type === "directory") directories.set(path, number);
    const slash = path.lastIndexOf("/");
    if (slash <= 0 || (slash === last.length && path.startsWith(last))) {
      parents[number] = slash <= 0 ? 0 : lastNumber;
      return;
    }
    last = parentOf(path);
    lastNumber = directories.get(last) ?? 0;
    parents[number] = lastNumber;
  });
  return parents;
}

function linksIn(nodes: readonly TreeNode[]): ReadonlyMap<number, readonly string[]> {
  const firstOf = firstNumbers(nodes);
  const found = new Map<number, string[]>();
  nodes.forEach(({ type, inode, path }, number) => {
    if (type === "directory") return;
    const first = firstOf(inode, number);
    if (first === number) return;
    const links = found.get(inode);
    if (links === undefined) found.set(inode, [nodes[first]?.path ?? path, path]);
    else links.push(path);
  });
  return found;
}

/** The first object with this inode, this one where there was none. Inodes of a replayed tree are dense: an array holds them. */
function firstNumbers(nodes: readonly TreeNode[]): (inode: number, number: number) => number {
  const largest = nodes.reduce((most, { inode }) => Math.max(most, inode), 0);
  const isDense = largest < 4 * nodes.length + 1024 && nodes.every(({ inode }) => inode >= 0);
  if (isDense) {
    const first = new Int32Array(largest + 1).fill(-1);
    return (inode, number) => {
      if (first[inode] === -1) first[inode] = number;
      return first[inode] as number;
    };
  }
  const first = new Map<number, number>();
  return (inode, number) => {
    if (!first.has(inode)) first.set(inode, number);
    return first.get(inode) as number;
  };
}
