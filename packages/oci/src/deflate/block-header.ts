import { baseShift, HuffmanCode, literalSymbols, tableMask } from "./huffman.ts";
import { Unpatchable } from "./unpatchable.ts";

/** Bytes that the header of a block needs at most, its tables included. */
export const blockHeaderBytes = 600;

/** Bits from a place of a buffer that has zeros, or more input, behind it. */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** In bits. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** At least 17 bits. */
  peek(): number {
    const at = this.at >>> 3;
    const [bytes, a] = [this.#bytes, this.at & 7];
    return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) >>> a;
  }

  take(bits: number): number {
    const value = this.peek() & ((1 << bits) - 1);
    this.at += bits;
    return value;
  }
}

const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const lengthCode = new HuffmanCode("lengths");

/** The code lengths in front of a block with codes of its own (RFC 1951, 3.2.7). @throws Unpatchable */
export function readCodes(
  bits: BitReader,
  { literals, distances }: { readonly literals: HuffmanCode; readonly distances: HuffmanCode },
): void {
  const literalCount = bits.take(5) + 257;
  const distanceCount = bits.take(5) + 1;
  const orderCount = bits.take(4) + 4;
  if (literalCount > 286 || distanceCount > 30) throw new Unpatchable("too many codes");
  const own = new Uint8Array(lengthOrder.length);
  for (const symbol of lengthOrder.slice(0, orderCount)) own[symbol] = bits.take(3);
  lengthCode.set(own);
  const lengths = new Uint8Array(literalCount + distanceCount);
  for (let at = 0; at < lengths.length; ) {
    const peeked = bits.peek();
    const entry = lengthCode.table[peeked & tableMask] || lengthCode.one(peeked);
    bits.at += entry & 15;
    const symbol = entry >>> baseShift;
    const { value, times } =
      symbol < 16 ? { value: symbol, times: 1 } : run(symbol, bits, lengths[at - 1]);
    if (at + times > lengths.length) throw new Unpatchable("too many code lengths");
    lengths.fill(value, at, at + times);
    at += times;
  }
  literals.set(lengths.subarray(0, literalCount));
  distances.set(lengths.subarray(literalCount));
}

function run(symbol: number, bits: BitReader, before: number | undefined) {
  if (symbol === 17) return { value: 0, times: bits.take(3) + 3 };
  if (symbol === 18) return { value: 0, times: bits.take(7) + 11 };
  if (before === undefined) throw new Unpatchable("nothing to repeat");
  return { value: before, times: bits.take(2) + 3 };
}

/** The codes that every reader knows (RFC 1951, 3.2.6). */
export function fixedCodes(): { readonly literals: HuffmanCode; readonly distances: HuffmanCode } {
  const literals = new HuffmanCode("literals");
  const lengths = new Uint8Array(literalSymbols).fill(8);
  lengths.fill(9, 144, 256).fill(7, 256, 280);
  literals.set(lengths);
  const distances = new HuffmanCode("distances");
  distances.set(new Uint8Array(32).fill(5));
  return { literals, distances };
}
