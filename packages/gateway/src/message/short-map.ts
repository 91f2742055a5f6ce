/** From this many names on they are found through a Map. */
const many = 16;

interface Entry<Value> {
  readonly name: string;
  value: Value;
  next: Entry<Value> | undefined;
}

/**
 * Values by name, in the order in which the names came, as in a Map: for what is made for each
 * message and mostly holds a few, where a Map costs more than all that it holds.
 */
export class ShortMap<Value> {
  #first: Entry<Value> | undefined;
  #size = 0;
  #all: Map<string, Value> | undefined;

  get size(): number {
    return this.#all?.size ?? this.#size;
  }

  get(name: string): Value | undefined {
    return this.#all === undefined ? this.#find(name)?.value : this.#all.get(name);
  }

  has(name: string): boolean {
    return this.#all === undefined ? this.#find(name) !== undefined : this.#all.has(name);
  }

  set(name: string, value: Value): void {
    if (this.#all !== undefined) {
      this.#all.set(name, value);
      return;
    }
    let last: Entry<Value> | undefined;
    for (let entry = this.#first; entry !== undefined; entry = entry.next) {
      if (entry.name === name) {
        entry.value = value;
        return;
      }
      last = entry;
    }
    const added = { name, value, next: undefined };
    if (last === undefined) this.#first = added;
    else last.next = added;
    if (++this.#size === many) this.#all = new Map(this);
  }

  delete(name: string): void {
    if (this.#all !== undefined) {
      this.#all.delete(name);
      return;
    }
    let before: Entry<Value> | undefined;
    for (let entry = this.#first; entry !== undefined; entry = entry.next) {
      if (entry.name !== name) {
        before = entry;
        continue;
      }
      if (before === undefined) this.#first = entry.next;
      else before.next = entry.next;
      this.#size--;
      return;
    }
  }

  *[Symbol.iterator](): Generator<readonly [string, Value]> {
    if (this.#all !== undefined) yield* this.#all;
    else for (let at = this.#first; at !== undefined; at = at.next) yield [at.name, at.value];
  }

  #find(name: string): Entry<Value> | undefined {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) {
      if (entry.name === name) return entry;
    }
    return undefined;
  }
}
