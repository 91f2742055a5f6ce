import { Fault } from "@lithify/fault";
import type { TarLimits } from "./entry.ts";
import { type Field, numberField } from "./header.ts";
import type { PaxRecord } from "./pax.ts";
import { paxInteger } from "./pax.ts";

interface Part {
  readonly offset: number;
  readonly length: number;
}

/** How a sparse file is stored (GNU tar manual, "Storing Sparse Files"): parts of data, or the map at the body's start. */
export interface Sparse {
  /** Bytes of the file with its holes. */
  readonly size: number;
  readonly map: readonly Part[] | "in-body";
}

/** The map of an old GNU sparse member (type `S`). @throws Fault TAR_INVALID */
export function sparseOfHeader(header: Buffer, blocks: readonly Buffer[]): Sparse {
  const map = partsOf(header, 386, 4);
  for (const block of blocks) map.push(...partsOf(block, 0, 21));
  const size = numberField(header, { at: 483, length: 12 }, "real size");
  return { size, map };
}

function partsOf(block: Buffer, start: number, count: number): Part[] {
  const parts: Part[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = start + index * 24;
    if (block[at] === 0 || block[at + 12] === 0) break;
    const field = (from: number): Field => ({ at: from, length: 12 });
    parts.push({
      offset: numberField(block, field(at), "sparse offset"),
      length: numberField(block, field(at + 12), "sparse length"),
    });
  }
  return parts;
}

/** The map that PAX records give: GNU sparse formats 0.0, 0.1 and 1.0. @throws Fault TAR_INVALID */
export function sparseOfPax(records: readonly PaxRecord[]): Sparse | undefined {
  const last = (key: string) => records.findLast((record) => record.key === key);
  const major = last("GNU.sparse.major");
  if (major !== undefined) {
    const real = last("GNU.sparse.realsize");
    const minor = last("GNU.sparse.minor");
    const isKnown = paxInteger(major) === 1 && (minor === undefined || paxInteger(minor) === 0);
    if (!isKnown || real === undefined) throw malformed("its format is not known");
    return { size: paxInteger(real), map: "in-body" };
  }
  const size = last("GNU.sparse.size");
  if (size === undefined) return undefined;
  const map = last("GNU.sparse.map");
  const numbers =
    map === undefined
      ? records
          .filter(({ key }) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
          .map(paxInteger)
      : numbersOf(map.value.toString("latin1"));
  return { size: paxInteger(size), map: pairs(numbers) };
}

function numbersOf(text: string): number[] {
  if (text === "") return [];
  return text.split(",").map((part) => {
    if (!/^[0-9]{1,15}$/.test(part)) throw malformed("its map is not a list of numbers");
    return Number(part);
  });
}

function pairs(numbers: readonly number[]): Part[] {
  if (numbers.length % 2 !== 0) throw malformed("its map has an offset without a length");
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: numbers[2 * index] as number,
    length: numbers[2 * index + 1] as number,
  }));
}

const holeChunk = Buffer.alloc(1024 * 1024);

/** Turns the stored bytes of a sparse file into its content. @throws Fault TAR_INVALID, LIMIT_EXCEEDED */
export class SparseExpander {
  readonly #size: number;
  readonly #limits: TarLimits;
  readonly #emit: (bytes: Buffer) => void;
  #parts: readonly Part[] | undefined;
  #text: Buffer = Buffer.alloc(0);
  #index = 0;
  #partDone = 0;
  #position = 0;

  constructor(sparse: Sparse, limits: TarLimits, emit: (bytes: Buffer) => void) {
    this.#size = sparse.size;
    this.#limits = limits;
    this.#emit = emit;
    if (sparse.map !== "in-body") this.#parts = this.#checked(sparse.map);
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    if (this.#parts === undefined) {
      this.#text = this.#text.length === 0 ? rest : Buffer.concat([this.#text, rest]);
      const found = this.#mapInBody();
      if (found === undefined) {
        this.#text = Buffer.from(this.#text);
        return;
      }
      this.#parts = this.#checked(found.map);
      rest = this.#text.subarray(found.length);
    }
    while (rest.length > 0) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw malformed("it has more data than its map says");
      this.#holeTo(part.offset + this.#partDone);
      const data = rest.subarray(0, part.length - this.#partDone);
      rest = rest.subarray(data.length);
      if (data.length > 0) this.#emit(data);
      this.#position += data.length;
      this.#partDone += data.length;
      if (this.#partDone === part.length) {
        this.#index += 1;
        this.#partDone = 0;
      }
    }
  }

  end(): void {
    if (this.#parts === undefined) throw malformed("its map is cut off");
    const missing = this.#parts.slice(this.#index).some((part) => part.length > this.#partDone);
    if (missing) throw malformed("it has less data than its map says");
    this.#holeTo(this.#size);
  }

  /** Format 1.0: a count, then pairs, one decimal number a line, padded to whole blocks. */
  #mapInBody(): { readonly map: readonly Part[]; readonly length: number } | undefined {
    const limit = this.#limits.sparseParts;
    const numbers: number[] = [];
    let at = 0;
    let wanted = 1;
    while (numbers.length < wanted) {
      const end = this.#text.indexOf(0x0a, at);
      if (end === -1) {
        if (this.#text.length - at > 32) throw malformed("its map is not a list of numbers");
        return undefined;
      }
      const digits = this.#text.toString("latin1", at, end);
      if (!/^[0-9]{1,15}$/.test(digits)) throw malformed("its map is not a list of numbers");
      numbers.push(Number(digits));
      at = end + 1;
      if (numbers.length === 1) {
        wanted = 1 + 2 * (numbers[0] as number);
        if (wanted > 2 * limit) {
          throw new Fault("LIMIT_EXCEEDED", "the parts of a sparse file", { values: { limit } });
        }
      }
    }
    const length = Math.ceil(at / 512) * 512;
    return this.#text.length < length ? undefined : { map: pairs(numbers.slice(1)), length };
  }

  #checked(parts: readonly Part[]): readonly Part[] {
    if (parts.length > this.#limits.sparseParts) {
      throw new Fault("LIMIT_EXCEEDED", "the parts of a sparse file", {
        values: { limit: this.#limits.sparseParts },
      });
    }
    let end = 0;
    for (const part of parts) {
      if (part.offset < end || part.length < 0 || part.offset + part.length > this.#size) {
        throw malformed("its map overlaps or leaves the file");
      }
      end = part.offset + part.length;
    }
    return parts.filter((part) => part.length > 0);
  }

  #holeTo(position: number): void {
    while (this.#position < position) {
      const hole = holeChunk.subarray(0, Math.min(holeChunk.length, position - this.#position));
      this.#emit(hole);
      this.#position += hole.length;
    }
  }
}

function malformed(why: string): Fault {
  return new Fault("TAR_INVALID", "a sparse file in a tar archive", { why });
}
