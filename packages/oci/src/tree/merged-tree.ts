import { sortNames } from "../tar/name-bytes.ts";
import { Children } from "./children.ts";
import { MadeNodes, type Nodes } from "./nodes.ts";
import { PathNumbers } from "./path-numbers.ts";
import { resolvePath } from "./resolve.ts";
import type { Kinds, Resolution, Tree, TreeNode } from "./tree.ts";

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
  return treeFromSorted(sortNames([...byPath.keys()]).map((path) => byPath.get(path) as TreeNode));
}

/** A tree of nodes that come in the order of a tree, none missing and none twice: what a tree gave when it was iterated. */
export function treeFromSorted(nodes: readonly TreeNode[]): Tree {
  return new MergedTree(new MadeNodes(nodes));
}

/** The same of nodes that may be made late. */
export function treeOf(nodes: Nodes): Tree {
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
  readonly #nodes: Nodes;
  readonly #numbers: PathNumbers;
  /** Made when first asked for: not every reader walks directories or asks for hard links. */
  #children: Children | undefined;
  #links: ReadonlyMap<number, readonly string[]> | undefined;

  constructor(sorted: Nodes) {
    this.#nodes = sorted;
    this.#numbers = new PathNumbers(sorted);
  }

  get size(): number {
    return this.#nodes.size;
  }

  [Symbol.iterator](): Iterator<TreeNode> {
    return this.#nodes.all().values();
  }

  node(number: number): TreeNode | undefined {
    return number >= 0 && number < this.size ? this.#nodes.at(number) : undefined;
  }

  at(path: string): TreeNode | undefined {
    const number = this.#numbers.of(path);
    return number === undefined ? undefined : this.#nodes.at(number);
  }

  numberOf(path: string): number | undefined {
    return this.#numbers.of(path);
  }

  parents(): Int32Array {
    return this.#nodes.parents();
  }

  kinds(): Kinds {
    return this.#nodes.kinds();
  }

  names(path: string): readonly string[] {
    this.#children ??= new Children(this.#nodes);
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

function linksIn(nodes: Nodes): ReadonlyMap<number, readonly string[]> {
  const firstOf = firstNumbers(nodes);
  const found = new Map<number, string[]>();
  for (let number = 0; number < nodes.size; number += 1) {
    if (nodes.typeOf(number) === "directory") continue;
    const inode = nodes.inodeOf(number);
    const first = firstOf(inode, number);
    if (first === number) continue;
    const links = found.get(inode);
    if (links === undefined) found.set(inode, [nodes.pathOf(first), nodes.pathOf(number)]);
    else links.push(nodes.pathOf(number));
  }
  return found;
}

/** The first object with this inode, this one where there was none. Inodes of a replayed tree are dense: an array holds them. */
function firstNumbers(nodes: Nodes): (inode: number, number: number) => number {
  let [least, largest] = [0, 0];
  for (let number = 0; number < nodes.size; number += 1) {
    const inode = nodes.inodeOf(number);
    least = Math.min(least, inode);
    largest = Math.max(largest, inode);
  }
  if (least >= 0 && largest < 4 * nodes.size + 1024) {
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
