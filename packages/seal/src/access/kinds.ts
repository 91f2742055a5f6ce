import type { Kind, Kinds } from "@lithify/oci";

/** Numbers of the objects of each kind, so that a question about one kind does not pass over the objects of all others. */
export class KindNumbers {
  readonly #kinds: readonly Kind[];
  /** Where the objects of each kind begin in `#numbers`. */
  readonly #starts: Uint32Array;
  readonly #numbers: Uint32Array;

  constructor({ kinds, kindOf }: Kinds) {
    const starts = new Uint32Array(kinds.length + 1);
    for (let number = 0; number < kindOf.length; number++) {
      const behind = (kindOf[number] as number) + 1;
      starts[behind] = (starts[behind] as number) + 1;
    }
    for (let kind = 1; kind < starts.length; kind++) {
      starts[kind] = (starts[kind] as number) + (starts[kind - 1] as number);
    }
    const [next, numbers] = [starts.slice(), new Uint32Array(kindOf.length)];
    for (let number = 0; number < kindOf.length; number++) {
      const kind = kindOf[number] as number;
      const at = next[kind] as number;
      numbers[at] = number;
      next[kind] = at + 1;
    }
    this.#kinds = kinds;
    this.#starts = starts;
    this.#numbers = numbers;
  }

  /** Of every kind that fits, in tree order. `fits` is asked once for each kind. */
  like(fits: (kind: Kind) => boolean): readonly number[] {
    const parts = this.#kinds.flatMap((kind, index) => (fits(kind) ? [this.#of(index)] : []));
    const [first] = parts;
    if (first === undefined) return [];
    if (parts.length === 1) return Array.from(first);
    const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) {
      all.set(part, end);
      end += part.length;
    }
    return Array.from(all.sort());
  }

  #of(kind: number): Uint32Array {
    return this.#numbers.subarray(this.#starts[kind], this.#starts[kind + 1]);
  }
}
