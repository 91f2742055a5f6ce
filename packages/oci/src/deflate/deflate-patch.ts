import type { BitWriter } from "./bit-writer.ts";
import { BitReader, blockHeaderBytes, readCodes } from "./block-header.ts";
import type { BytePatches } from "./byte-patches.ts";
import { ChangedBytes } from "./changed-bytes.ts";
import { baseShift, extraShift, HuffmanCode, isEnd, isLiteral, tableMask } from "./huffman.ts";
import { piecesOf } from "./pieces.ts";
import { type BlockCodes, fixed, putLastBlock, putPieces } from "./symbol-writer.ts";
import { Unpatchable } from "./unpatchable.ts";

/** Of input that is not the last, this much is left: a symbol is read four bytes at a time. */
export const bytesBehind = 16;
/** Bits that are there whatever the place of the first in its byte. */
const wholeBits = 25;

type Block =
  | { readonly kind: "none" }
  | { readonly kind: "stored"; left: number }
  | ({ readonly kind: "codes" } & BlockCodes);

/**
 * Changes bytes inside a deflate stream without compressing it anew: what does not concern them is passed on bit by
 * bit. A symbol that gives a byte that changes, and a match that takes one, is written as others that give what is
 * wanted. Nothing of the content is known but its length, and the bytes of the patches.
 */
export class DeflatePatcher {
  readonly #patches: BytePatches;
  readonly #out: BitWriter;
  readonly #changed: ChangedBytes;
  readonly #codes = {
    literals: new HuffmanCode("literals"),
    distances: new HuffmanCode("distances"),
  };
  #block: Block = { kind: "none" };
  #isFinal = false;
  #isEnded = false;
  /** The place in the content, from the origin of what is changed. */
  #at = 0;
  #input: Uint8Array = Buffer.alloc(0);
  /** In bits of the input: what is read, and what of it is written. */
  #read = 0;
  #written = 0;

  /** The stream gives the content from this place on. */
  constructor(patches: BytePatches, out: BitWriter, place: number) {
    this.#patches = patches;
    this.#out = out;
    this.#changed = new ChangedBytes(patches, place);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** How far the content went. */
  get place(): number {
    return this.#changed.origin + this.#at;
  }

  /**
   * Goes through the input from a bit on, and gives the bit to go on at when more has come. The last input has
   * `bytesBehind` bytes of anything behind it. @throws Unpatchable
   */
  walk(input: Uint8Array, from: number, isLast: boolean): number {
    this.#input = input;
    this.#read = from;
    this.#written = from;
    this.#at = this.#changed.rebase(this.#at);
    const end = (input.length - bytesBehind) * 8;
    while (!this.#isEnded && this.#read < end) {
      if (this.#block.kind === "none") {
        if (!isLast && this.#read > (input.length - blockHeaderBytes) * 8) break;
        this.#begin();
      } else if (this.#block.kind === "stored") this.#stored(this.#block, end);
      else this.#symbols(this.#block, end);
    }
    if (isLast && (!this.#isEnded || this.#read > end)) throw new Unpatchable("it is cut off");
    this.#flush();
    return this.#read;
  }

  #begin(): void {
    const bits = new BitReader(this.#input, this.#read);
    // The last block is written as one of several: an empty one follows it
    this.#flush();
    this.#isFinal = bits.take(1) === 1;
    this.#out.put(0, 1);
    const from = bits.at;
    const type = bits.take(2);
    if (type === 3) throw new Unpatchable("a block of no known type");
    if (type === 0) {
      this.#beginStored(bits);
      return;
    }
    if (type === 2) readCodes(bits, this.#codes);
    const first = from >>> 3;
    const bytes = Buffer.from(this.#input.subarray(first, (bits.at >>> 3) + 1));
    const header = { bytes, from: from - first * 8, to: bits.at - first * 8 };
    this.#block = { kind: "codes", header, ...(type === 1 ? fixed : this.#codes) };
    this.#written = from;
    this.#read = bits.at;
  }

  #beginStored(bits: BitReader): void {
    bits.at = (bits.at + 7) & ~7;
    const length = bits.take(16);
    if ((bits.take(16) ^ length) !== 0xffff) throw new Unpatchable("a stored block without length");
    this.#out.put(0, 2);
    this.#out.align();
    this.#out.put(length, 16);
    this.#out.put(length ^ 0xffff, 16);
    this.#read = bits.at;
    this.#written = bits.at;
    if (length === 0) this.#endBlock();
    else this.#block = { kind: "stored", left: length };
  }

  #stored(block: { left: number }, end: number): void {
    const from = this.#read >>> 3;
    const content = Buffer.from(this.#input.subarray(from, Math.min(from + block.left, end >>> 3)));
    const { origin } = this.#changed;
    const place = origin + this.#at;
    for (const change of this.#patches.changes(place, place + content.length)) {
      content[change.place - place] = change.after;
    }
    this.#out.bytes(content);
    this.#at += content.length;
    this.#changed.pass(this.#at);
    this.#read += content.length * 8;
    this.#written = this.#read;
    block.left -= content.length;
    if (block.left === 0) this.#endBlock();
  }

  #endBlock(): void {
    this.#block = { kind: "none" };
    if (!this.#isFinal) return;
    this.#flush();
    putLastBlock(this.#out);
    this.#isEnded = true;
  }

  /** The loop that the time goes to: reads symbols for the bytes that they give. */
  #symbols(block: BlockCodes, end: number): void {
    const { buffer, byteOffset, byteLength } = this.#input;
    const view = new DataView(buffer, byteOffset, byteLength);
    const changed = this.#changed;
    const [{ table }, { table: distanceTable }] = [block.literals, block.distances];
    let read = this.#read;
    let at = this.#at;
    while (read < end) {
      let bits = view.getInt32(read >>> 3, true) >>> (read & 7);
      let entry = table[bits & tableMask] || block.literals.one(bits);
      const count = entry >>> baseShift;
      if ((entry & isLiteral) !== 0 && at + (count & 3) <= changed.next) {
        read += entry & 15;
        at += count & 3;
        continue;
      }
      if ((entry & isEnd) !== 0) {
        this.#read = read + (entry & 15);
        this.#at = at;
        this.#endBlock();
        return;
      }
      let length = 1;
      let distance = 0;
      let next = 0;
      if ((entry & isLiteral) !== 0) next = read + (block.literals.one(bits) & 15);
      else {
        const codeBits = entry & 15;
        const extra = (entry >>> extraShift) & 15;
        length = count + ((bits >>> codeBits) & ((1 << extra) - 1));
        next = read + codeBits + extra;
        bits = view.getInt32(next >>> 3, true) >>> (next & 7);
        entry = distanceTable[bits & tableMask] || block.distances.one(bits);
        const farExtra = (entry >>> extraShift) & 15;
        next += entry & 15;
        if ((entry & 15) + farExtra <= wholeBits) bits >>>= entry & 15;
        else bits = view.getInt32(next >>> 3, true) >>> (next & 7);
        distance = (entry >>> baseShift) + (bits & ((1 << farExtra) - 1));
        next += farExtra;
        if (at + length <= changed.next && !changed.mayHave(at - distance, length)) {
          read = next;
          at += length;
          continue;
        }
      }
      [this.#read, this.#at] = [read, at];
      this.#replace(block, { length, distance }, next);
      [read, at] = [next, this.#at];
    }
    [this.#read, this.#at] = [read, at];
  }

  /** Writes a symbol as others where it gives or takes bytes that change. */
  #replace(
    block: BlockCodes,
    symbol: { readonly length: number; readonly distance: number },
    next: number,
  ): void {
    const pieces = piecesOf(this.#patches, this.place, symbol);
    this.#at += symbol.length;
    this.#changed.pass(this.#at);
    if (pieces !== undefined) {
      this.#flush();
      putPieces(this.#out, block, pieces);
      this.#written = next;
    }
    this.#read = next;
  }

  #flush(): void {
    this.#out.copy(this.#input, this.#written, this.#read);
    this.#written = this.#read;
  }
}
