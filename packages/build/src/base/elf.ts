import { Fault } from "@lithify/fault";

/** What the dynamic loader reads of a program or library first. */
export interface Elf {
  /** The loader that a program asks for; undefined in libraries. */
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
}

/** Reads `length` bytes at an offset of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { end: 0, needed: 1, stringTable: 5 } as const;

/** Bytes of a part of the file that are read at once: tables are far smaller. */
const maximumTable = 1 << 20;

/** Interpreter and needed libraries of a 64-bit little-endian ELF file (ELF-64 object file format, System V gABI). */
export async function readElf(read: ReadAt, title: string): Promise<Elf> {
  const header = await read(0, 64);
  if (
    header.length < 64 ||
    header.readUInt32BE(0) !== 0x7f454c46 ||
    header[4] !== 2 ||
    header[5] !== 1
  )
    throw new Fault("BASE_INCOMPLETE", title, { why: "it is not a 64-bit little-endian ELF file" });
  const tableOffset = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const table = await read(tableOffset, size * header.readUInt16LE(56));
  const segments: Segment[] = [];
  for (let at = 0; at + size <= table.length; at += size)
    segments.push({
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      size: Number(table.readBigUInt64LE(at + 32)),
    });
  const named = segments.find(({ type }) => type === segment.interpreter);
  return {
    interpreter: named === undefined ? undefined : textAt(await readSegment(read, named), 0),
    needed: await neededOf(read, segments),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

async function neededOf(read: ReadAt, segments: readonly Segment[]): Promise<readonly string[]> {
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  if (dynamic === undefined) return [];
  const bytes = await readSegment(read, dynamic);
  const names: number[] = [];
  let strings = 0;
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const kind = Number(bytes.readBigUInt64LE(at));
    const value = Number(bytes.readBigUInt64LE(at + 8));
    if (kind === tag.end) break;
    if (kind === tag.needed) names.push(value);
    if (kind === tag.stringTable) strings = value;
  }
  const holder = segments.find(
    ({ type, address, size }) =>
      type === segment.load && strings >= address && strings < address + size,
  );
  if (holder === undefined) return [];
  const start = strings - holder.address + holder.offset;
  return Promise.all(names.map(async (offset) => textAt(await read(start + offset, 256), 0)));
}

function readSegment(read: ReadAt, { offset, size }: Segment): Promise<Buffer> {
  return read(offset, Math.min(size, maximumTable));
}

function textAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString("latin1", start, end < 0 ? bytes.length : end);
}
