/** What the kernel and the dynamic loader read of an ELF file before they run anything of it (elf(5), ld.so(8)). */
export interface Elf {
  readonly bits: 32 | 64;
  /** e_machine: 62 is x86-64, 183 AArch64. */
  readonly machine: number;
  /** PT_INTERP: the dynamic loader. */
  readonly loader?: string;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
}

/** Bytes of a file by their offset, as far as they were kept; undefined where they were not. */
export type BytesAt = (offset: number, length: number) => Buffer | undefined;

export const elfLimits = { segments: 512, dynamicBytes: 256 * 1024, text: 4096, needed: 2000 };

/** The dynamic segment of an ELF file whose first bytes are these, so that a reader knows what to keep; undefined: none. */
export function dynamicRange(
  bytes: BytesAt,
): { readonly offset: number; readonly length: number } | undefined {
  const found = segmentsOf(headerOf(bytes), bytes).find(({ type }) => type === segment.dynamic);
  return found === undefined ? undefined : { offset: found.offset, length: found.size };
}

/** Reads an ELF file. @throws MalformedElf with what is wrong */
export function parseElf(bytes: BytesAt): Elf {
  const header = headerOf(bytes);
  const segments = segmentsOf(header, bytes);
  const { bits, machine } = header;
  const interpreter = segments.find(({ type }) => type === segment.interpreter);
  const loader =
    interpreter === undefined ? {} : { loader: textAt(bytes, interpreter.offset, "loader") };
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  if (dynamic === undefined) return { bits, machine, ...loader, needed: [] };
  return { bits, machine, ...loader, ...dynamicOf(header, segments, dynamic, bytes) };
}

/** The file says something about itself that cannot be, or that lies beyond what is read. */
export class MalformedElf extends Error {}

const segment = { load: 1, dynamic: 2, interpreter: 3 };
const tag = { needed: 1, strings: 5, rpath: 15, runpath: 29 };

interface Header {
  readonly bits: 32 | 64;
  readonly isBig: boolean;
  readonly machine: number;
  readonly tableAt: number;
  readonly entrySize: number;
  readonly entries: number;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function headerOf(bytes: BytesAt): Header {
  const start = need(bytes, 0, 52, "header");
  const [kind, order] = [start[4], start[5]];
  if (kind !== 1 && kind !== 2) throw new MalformedElf("its class is neither 32 nor 64 bits");
  if (order !== 1 && order !== 2) throw new MalformedElf("its byte order is neither of the two");
  const bits = kind === 1 ? 32 : 64;
  const whole = bits === 32 ? start : need(bytes, 0, 64, "header");
  const isBig = order === 2;
  const header: Header = {
    bits,
    isBig,
    machine: short(whole, 18, isBig),
    tableAt: word(whole, bits === 32 ? 28 : 32, bits, isBig),
    entrySize: short(whole, bits === 32 ? 42 : 54, isBig),
    entries: short(whole, bits === 32 ? 44 : 56, isBig),
  };
  if (header.entries > elfLimits.segments) throw new MalformedElf("it has too many segments");
  if (header.entries > 0 && header.entrySize < (bits === 32 ? 32 : 56)) {
    throw new MalformedElf("its program headers are too small");
  }
  return header;
}

function segmentsOf(header: Header, bytes: BytesAt): readonly Segment[] {
  const { bits, isBig, entries, entrySize, tableAt } = header;
  if (entries === 0) return [];
  const table = need(bytes, tableAt, entries * entrySize, "program header table");
  return Array.from({ length: entries }, (_, index) => {
    const at = index * entrySize;
    const at32 = { offset: 4, address: 8, size: 16 };
    const at64 = { offset: 8, address: 16, size: 32 };
    const place = bits === 32 ? at32 : at64;
    return {
      type: long(table, at, isBig),
      offset: word(table, at + place.offset, bits, isBig),
      address: word(table, at + place.address, bits, isBig),
      size: word(table, at + place.size, bits, isBig),
    };
  });
}

function dynamicOf(
  { bits, isBig }: Header,
  segments: readonly Segment[],
  dynamic: Segment,
  bytes: BytesAt,
): Pick<Elf, "needed" | "rpath" | "runpath"> {
  if (dynamic.size > elfLimits.dynamicBytes) {
    throw new MalformedElf("its dynamic segment is too large");
  }
  const table = need(bytes, dynamic.offset, dynamic.size, "dynamic segment");
  const step = bits / 4;
  const entries: { readonly tag: number; readonly value: number }[] = [];
  for (let at = 0; at + step <= table.length; at += step) {
    const kind = word(table, at, bits, isBig);
    if (kind === 0) break;
    entries.push({ tag: kind, value: word(table, at + step / 2, bits, isBig) });
  }
  const wanted = entries.filter((entry) =>
    [tag.needed, tag.rpath, tag.runpath].includes(entry.tag),
  );
  if (wanted.length === 0) return { needed: [] };
  if (wanted.length > elfLimits.needed) throw new MalformedElf("it names too many libraries");
  const address = entries.find((entry) => entry.tag === tag.strings)?.value;
  if (address === undefined) throw new MalformedElf("it names libraries without a string table");
  const load = segments.find(
    ({ type, address: start, size }) =>
      type === segment.load && address >= start && address < start + size,
  );
  if (load === undefined) throw new MalformedElf("its string table lies in no segment");
  const strings = load.offset + (address - load.address);
  const textOf = (kind: number) =>
    wanted
      .filter((entry) => entry.tag === kind)
      .map(({ value }) => textAt(bytes, strings + value, "string"));
  const [rpath] = textOf(tag.rpath);
  const [runpath] = textOf(tag.runpath);
  return {
    needed: textOf(tag.needed),
    ...(rpath === undefined ? {} : { rpath }),
    ...(runpath === undefined ? {} : { runpath }),
  };
}

function textAt(bytes: BytesAt, offset: number, what: string): string {
  const parts: Buffer[] = [];
  for (let length = 0; length < elfLimits.text; ) {
    // Near the end of what was kept there may be less than a piece
    const part = bytes(offset + length, 64) ?? need(bytes, offset + length, 1, what);
    const end = part.indexOf(0);
    parts.push(end === -1 ? part : part.subarray(0, end));
    if (end !== -1) return Buffer.concat(parts).toString("latin1");
    length += part.length;
  }
  throw new MalformedElf(`its ${what} does not end`);
}

function need(bytes: BytesAt, offset: number, length: number, what: string): Buffer {
  const found = Number.isSafeInteger(offset) ? bytes(offset, length) : undefined;
  if (found === undefined) throw new MalformedElf(`its ${what} lies outside what is read`);
  return found;
}

function short(bytes: Buffer, at: number, isBig: boolean): number {
  return isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
}

function long(bytes: Buffer, at: number, isBig: boolean): number {
  return isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
}

/** A number as wide as the file's addresses; what no file can have becomes infinity. */
function word(bytes: Buffer, at: number, bits: 32 | 64, isBig: boolean): number {
  if (bits === 32) return long(bytes, at, isBig);
  const value = isBig ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
}
