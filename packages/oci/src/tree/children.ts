import type { Nodes } from "./nodes.ts";

/** Which objects each directory holds, for a tree of which the number of each object's directory is known. */
export class Children {
  readonly #nodes: Nodes;
  /** Where the objects of each directory begin in `#numbers`, by the directory's number. */
  readonly #starts: Int32Array;
  readonly #numbers: Int32Array;

  constructor(nodes: Nodes) {
    const parents = nodes.parents();
    const starts = new Int32Array(nodes.size + 1);
    const add = (at: number, count: number) => {
      starts[at] = (starts[at] ?? 0) + count;
    };
    for (let number = 1; number < nodes.size; number += 1) add((parents[number] ?? 0) + 1, 1);
    for (let number = 1; number < starts.length; number += 1) add(number, starts[number - 1] ?? 0);
    const next = starts.slice();
    const numbers = new Int32Array(nodes.size);
    for (let number = 1; number < nodes.size; number += 1) {
      const parent = parents[number] ?? 0;
      const at = next[parent] ?? 0;
      numbers[at] = number;
      next[parent] = at + 1;
    }
    this.#nodes = nodes;
    this.#starts = starts;
    this.#numbers = numbers;
  }

  /** Names of what the directory of this number holds, in byte order. */
  names(directory: number): readonly string[] {
    const numbers = this.#numbers.subarray(this.#starts[directory], this.#starts[directory + 1]);
    return Array.from(numbers, (number) => this.#nodes.nameOf(number));
  }
}
