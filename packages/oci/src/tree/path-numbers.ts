import { compareNames } from "../tar/name-bytes.ts";
import type { Nodes } from "./nodes.ts";

/** Lookups, as a share of the objects, from which on a map of all paths is made: until then searching costs less. */
const searchedShare = 1 / 16;

/** Finds objects by path among those of a tree, which come in the byte order of their paths. */
export class PathNumbers {
  readonly #nodes: Nodes;
  /** What was searched for: paths are asked for again, for one identity after another. */
  readonly #found = new Map<string, number | undefined>();
  #map: Map<string, number> | undefined;

  constructor(sorted: Nodes) {
    this.#nodes = sorted;
  }

  /** The index of the object at exactly this path. */
  of(path: string): number | undefined {
    if (this.#map !== undefined) return this.#map.get(path);
    const found = this.#found.get(path);
    if (found !== undefined || this.#found.has(path)) return found;
    if (this.#found.size > this.#nodes.size * searchedShare) {
      this.#map = new Map();
      for (let number = 0; number < this.#nodes.size; number += 1)
        this.#map.set(this.#nodes.pathOf(number), number);
      return this.#map.get(path);
    }
    const number = this.#search(path);
    this.#found.set(path, number);
    return number;
  }

  #search(path: string): number | undefined {
    let [first, end] = [0, this.#nodes.size];
    while (first < end) {
      const middle = (first + end) >>> 1;
      const order = compareNames(this.#nodes.pathOf(middle), path);
      if (order === 0) return middle;
      if (order < 0) first = middle + 1;
      else end = middle;
    }
    return undefined;
  }
}
