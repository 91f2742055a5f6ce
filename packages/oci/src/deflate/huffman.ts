import { Unpatchable } from "./unpatchable.ts";

/** Symbols of literals and lengths, of distances. */
export const literalSymbols = 288;
export const distanceSymbols = 32;
export const endOfBlock = 256;

/**
 * An entry of a table: in its lowest four bits those of the code, then the number of bits that follow it, and above what
 * they are added to.
 */
export const extraShift = 4;
export const baseShift = 8;
/** Entries of symbols that are no match. Of literals the base is their count: one, or two that the table gives at once. */
export const isLiteral = 1 << 24;
export const isEnd = 1 << 25;

/** Codes up to this long are found in one step; longer ones are rare by their nature. */
const tableBits = 11;
export const tableMask = (1 << tableBits) - 1;
const longest = 15;
const reserved = -1;

const lengthExtra = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const lengthBase = basesOf(lengthExtra.slice(0, 28), 3).concat(258);
const distanceExtra = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1));
const distanceBase = basesOf(distanceExtra, 1);

/** One Huffman code of a block (RFC 1951, 3.2.2), to read and to write. */
export class HuffmanCode {
  /** By the next bits; 0 where the code is longer than the table, or is none. */
  readonly table = new Int32Array(1 << tableBits);
  readonly #values: Int32Array;
  readonly #lengths: Uint8Array;
  readonly #count = new Uint16Array(longest + 1);
  readonly #sorted: Uint16Array;
  readonly #codes: Uint16Array;

  constructor(kind: "literals" | "distances" | "lengths") {
    this.#values = valuesOf[kind];
    this.#lengths = new Uint8Array(this.#values.length);
    this.#sorted = new Uint16Array(this.#values.length);
    this.#codes = new Uint16Array(this.#values.length);
  }

  /** @throws Unpatchable for lengths that more codes would have than there are */
  set(lengths: Uint8Array): void {
    this.#lengths.fill(0);
    this.#lengths.set(lengths);
    this.#count.fill(0);
    for (const length of lengths) this.#count[length] = (this.#count[length] as number) + 1;
    this.#count[0] = 0;
    const next = new Uint16Array(longest + 2);
    const place = new Uint16Array(longest + 2);
    let left = 1;
    for (let length = 1; length <= longest; length += 1) {
      const count = this.#count[length] as number;
      left = left * 2 - count;
      if (left < 0) throw new Unpatchable("a code is over-subscribed");
      next[length + 1] = ((next[length] as number) + count) << 1;
      place[length + 1] = (place[length] as number) + count;
    }
    this.table.fill(0);
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      const code = next[length] as number;
      next[length] = code + 1;
      this.#sorted[place[length] as number] = symbol;
      place[length] = (place[length] as number) + 1;
      const first = reversed(code, length);
      this.#codes[symbol] = first;
      const value = this.#values[symbol] as number;
      if (length > tableBits || value === reserved) continue;
      const entry = value | length;
      const step = 1 << length;
      for (let at = first; at <= tableMask; at += step) this.table[at] = entry;
    }
    this.#pairLiterals();
  }

  /** Two literals whose codes the table has room for are found in one step. Downwards, as the second one stands below. */
  #pairLiterals(): void {
    const { table } = this;
    for (let at = tableMask; at >= 0; at -= 1) {
      const first = table[at] as number;
      const bits = first & 15;
      const second = table[at >>> bits] as number;
      const both = bits + (second & 15);
      if ((first & second & isLiteral) === 0 || both > tableBits) continue;
      table[at] = isLiteral | (2 << baseShift) | both;
    }
  }

  /** The entry of one code, whatever its length. @throws Unpatchable where there is none */
  one(bits: number): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= longest; length += 1) {
      code |= (bits >>> (length - 1)) & 1;
      const count = this.#count[length] as number;
      if (code - count < first) {
        const symbol = this.#sorted[index + code - first] as number;
        const value = this.#values[symbol] as number;
        if (value === reserved) break;
        return value | length;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Unpatchable("a code stands for nothing");
  }

  /** Bits of the code of a symbol; 0 where it has none. */
  lengthOf(symbol: number): number {
    return this.#lengths[symbol] as number;
  }

  /** The code of a symbol, to be written lowest bit first. */
  codeOf(symbol: number): number {
    return this.#codes[symbol] as number;
  }
}

/** The symbol of a match's length or distance, and the bits behind it. */
export interface Coded {
  readonly symbol: number;
  readonly extra: number;
  readonly extraBits: number;
}

export function codedLength(length: number): Coded {
  const { symbol, ...extra } = coded(length, lengthBase, lengthExtra);
  return { symbol: symbol + endOfBlock + 1, ...extra };
}

export function codedDistance(distance: number): Coded {
  return coded(distance, distanceBase, distanceExtra);
}

function coded(value: number, bases: readonly number[], extras: readonly number[]): Coded {
  const symbol = bases.findLastIndex((base) => base <= value);
  return { symbol, extra: value - (bases[symbol] as number), extraBits: extras[symbol] as number };
}

function reversed(code: number, bits: number): number {
  let [from, to] = [code, 0];
  for (let bit = 0; bit < bits; bit += 1) {
    to = (to << 1) | (from & 1);
    from >>>= 1;
  }
  return to;
}

function basesOf(extras: readonly number[], from: number): number[] {
  const bases: number[] = [];
  let base = from;
  for (const extra of extras) {
    bases.push(base);
    base += 1 << extra;
  }
  return bases;
}

const valuesOf = {
  literals: Int32Array.from({ length: literalSymbols }, (_, symbol) => {
    if (symbol < endOfBlock) return isLiteral | (1 << baseShift);
    if (symbol === endOfBlock) return isEnd;
    return entryOf(symbol - endOfBlock - 1, lengthBase, lengthExtra);
  }),
  distances: Int32Array.from({ length: distanceSymbols }, (_, symbol) =>
    entryOf(symbol, distanceBase, distanceExtra),
  ),
  lengths: Int32Array.from({ length: 19 }, (_, symbol) => symbol << baseShift),
} as const;

/** Symbols that stand for nothing have no entry. */
function entryOf(symbol: number, bases: readonly number[], extras: readonly number[]): number {
  const [base, extra] = [bases[symbol], extras[symbol]];
  if (base === undefined || extra === undefined) return reserved;
  return (base << baseShift) | (extra << extraShift);
}
