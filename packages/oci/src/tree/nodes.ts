import { kindsOf } from "./kinds.ts";
import type { Kinds, NodeType, TreeNode } from "./tree.ts";

/** The objects of a tree in tree order, by number from 0: made already, or made when they are asked for. */
export interface Nodes {
  readonly size: number;
  /** The same object each time. */
  at(number: number): TreeNode;
  pathOf(number: number): string;
  /** The last name of the path; empty for the root. */
  nameOf(number: number): string;
  typeOf(number: number): NodeType;
  inodeOf(number: number): number;
  all(): readonly TreeNode[];
  /** Number of each object's directory, by the number of the object; 0 for the root itself. */
  parents(): Int32Array;
  kinds(): Kinds;
}

/** Objects that are there. */
export class MadeNodes implements Nodes {
  readonly #nodes: readonly TreeNode[];
  #parents: Int32Array | undefined;
  #kinds: Kinds | undefined;

  constructor(sorted: readonly TreeNode[]) {
    this.#nodes = sorted;
  }

  get size(): number {
    return this.#nodes.length;
  }

  at(number: number): TreeNode {
    return this.#nodes[number] as TreeNode;
  }

  pathOf(number: number): string {
    return this.at(number).path;
  }

  nameOf(number: number): string {
    const { path } = this.at(number);
    return path.slice(path.lastIndexOf("/") + 1);
  }

  typeOf(number: number): NodeType {
    return this.at(number).type;
  }

  inodeOf(number: number): number {
    return this.at(number).inode;
  }

  all(): readonly TreeNode[] {
    return this.#nodes;
  }

  parents(): Int32Array {
    this.#parents ??= parentNumbers(this.#nodes);
    return this.#parents;
  }

  kinds(): Kinds {
    this.#kinds ??= kindsOf(this.#nodes);
    return this.#kinds;
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
    last = path.slice(0, slash);
    lastNumber = directories.get(last) ?? 0;
    parents[number] = lastNumber;
  });
  return parents;
}
