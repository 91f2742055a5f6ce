import { compareNames } from "../tar/name-bytes.ts";
import type { TreeNode } from "./tree.ts";

/** Lookups, as a share of the objects, from which on a map of all paths is made: until then searching costs less. */
const searchedShare = 1 / 16;

/** Finds objects by path among those of a tree, which come in the byte order of their paths. */
export class PathNumbers {
  readonly #nodes: readonly TreeNode[];
  #searches = 0;
  #map: Map<string, number> | undefined;

  constructor(sorted: readonly TreeNode[]) {
    this.#nodes = sorted;
  }

  /** The index of the object at exactly this path. */
  of(path: string): number | undefined {
    if (this.#map !== undefined) return this.#map.get(path);
    this.#searches += 1;
    if (this.#searches > this.#nodes.length * searchedShare) {
      this.#map = new Map(this.#nodes.map((node, number) => [node.path, number]));
      return this.#map.get(path);
    }
    return this.#search(path);
  }

  #search(path: string): number | undefined {
    let [first, end] = [0, this.#nodes.length];
    while (first < end) {
      const middle = (first + end) >>> 1;
      const order = compareNames((this.#nodes[middle] as TreeNode).path, path);
      if (order === 0) return middle;
      if (order < 0) first = middle + 1;
      else end = middle;
    }
    return undefined;
  }
}
