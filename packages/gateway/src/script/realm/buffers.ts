import type { RealmBuffer } from "./buffer.ts";

/** A list of Buffers that is read as one. */
export interface RealmBuffers {
  new (parts?: readonly Uint8Array[]): { toBuffer(): Uint8Array; readonly length: number };
  [Symbol.hasInstance](value: unknown): value is { toBuffer(): Uint8Array };
}

/**
 * Runs inside a realm (its text is evaluated there): the class Buffers, with the members that the
 * npm package of that name has (?).
 */
export function installBuffers(Buffer: RealmBuffer): RealmBuffers {
  const within = (index: number, length: number): number =>
    Math.max(0, Math.min(length, index < 0 ? length + index : index));
  class Buffers {
    #parts: Uint8Array[] = [];
    #length = 0;
    constructor(parts: readonly Uint8Array[] = []) {
      this.push(...parts);
    }
    static isBuffers(value: unknown): boolean {
      return value instanceof Buffers;
    }
    get length(): number {
      return this.#length;
    }
    get buffers(): Uint8Array[] {
      return [...this.#parts];
    }
    push(...parts: readonly Uint8Array[]): number {
      for (const part of parts) this.#checked(part);
      this.#parts.push(...parts);
      return this.#length;
    }
    unshift(...parts: readonly Uint8Array[]): number {
      for (const part of parts) this.#checked(part);
      this.#parts.unshift(...parts);
      return this.#length;
    }
    slice(start = 0, end = this.#length): Uint8Array {
      return this.toBuffer().slice(within(start, this.#length), within(end, this.#length));
    }
    splice(start: number, count = this.#length, ...parts: readonly Uint8Array[]): Buffers {
      const from = within(start, this.#length);
      const to = Math.min(this.#length, from + Math.max(0, count));
      const [before, removed, after] = [
        this.slice(0, from),
        this.slice(from, to),
        this.slice(to, this.#length),
      ];
      this.#parts = [];
      this.#length = 0;
      this.push(before, ...parts, after);
      return new Buffers([removed]);
    }
    copy(target: Uint8Array, at = 0, start = 0, end = this.#length): number {
      const part = this.slice(start, end).subarray(0, Math.max(0, target.length - at));
      target.set(part, at);
      return part.length;
    }
    get(index: number): number | undefined {
      return this.toBuffer()[index];
    }
    set(index: number, value: number): number {
      const whole = this.toBuffer();
      whole[index] = value;
      this.#parts = [whole];
      return value;
    }
    indexOf(wanted: unknown, from?: unknown): number {
      const whole = this.toBuffer() as unknown as {
        indexOf(wanted: unknown, from: unknown): number;
      };
      return whole.indexOf(wanted, from);
    }
    toBuffer(): Uint8Array {
      if (this.#parts.length !== 1) this.#parts = [Buffer.concat(this.#parts)];
      return this.#parts[0]!;
    }
    toString(encoding?: unknown, start = 0, end = this.#length): string {
      const part = this.slice(start, end) as unknown as { toString(encoding: unknown): string };
      return part.toString(encoding);
    }
    toJSON(): unknown {
      return (this.toBuffer() as unknown as { toJSON(): unknown }).toJSON();
    }
    #checked(part: unknown): void {
      if (!(part instanceof Buffer)) throw new TypeError("Buffers hold Buffers only");
      this.#length += part.length;
    }
  }
  return Buffers as unknown as RealmBuffers;
}
