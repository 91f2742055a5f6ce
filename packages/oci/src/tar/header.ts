import { Fault } from "@lithify/fault";

export const blockSize = 512;

/** A field of the 512-byte header: first byte and length (POSIX.1-2017, pax, "ustar Interchange Format"). */
export interface Field {
  readonly at: number;
  readonly length: number;
}

export const fields = {
  name: { at: 0, length: 100 },
  mode: { at: 100, length: 8 },
  uid: { at: 108, length: 8 },
  gid: { at: 116, length: 8 },
  size: { at: 124, length: 12 },
  mtime: { at: 136, length: 12 },
  checksum: { at: 148, length: 8 },
  type: { at: 156, length: 1 },
  linkName: { at: 157, length: 100 },
  magic: { at: 257, length: 8 },
  uname: { at: 265, length: 32 },
  gname: { at: 297, length: 32 },
  major: { at: 329, length: 8 },
  minor: { at: 337, length: 8 },
  prefix: { at: 345, length: 155 },
} as const satisfies Record<string, Field>;

/** `ustar`: POSIX, with a name prefix. `gnu`: GNU tar's own. `star`: POSIX with a shorter prefix. `v7`: before both. */
export type HeaderFormat = "ustar" | "gnu" | "star" | "v7";

export function formatOf(block: Buffer): HeaderFormat {
  const magic = block.toString("latin1", 257, 265);
  if (magic === "ustar  \0") return "gnu";
  if (!magic.startsWith("ustar\0")) return "v7";
  return block.toString("latin1", 508, 512) === "tar\0" ? "star" : "ustar";
}

export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < blockSize; at += 4) {
    if (block.readUInt32LE(at) !== 0) return false;
  }
  return true;
}

/** The bytes of a text field, up to its first NUL. */
export function textField(block: Buffer, field: Field): Buffer {
  const end = block.indexOf(0, field.at);
  const limit = field.at + field.length;
  return block.subarray(field.at, end === -1 || end > limit ? limit : end);
}

/**
 * A numeric field: octal digits between spaces and NULs, or GNU base-256 (first bit set, two's complement).
 * @throws Fault TAR_INVALID for anything else, and for numbers beyond 2^53
 */
export function numberField(block: Buffer, field: Field, name: string): number {
  const first = block[field.at] as number;
  if ((first & 0x80) !== 0) return base256(block, field, name);
  let at = field.at;
  const limit = field.at + field.length;
  while (at < limit && (block[at] === 0x20 || block[at] === 0)) at += 1;
  let value = 0;
  for (; at < limit; at += 1) {
    const byte = block[at] as number;
    if (byte < 0x30 || byte > 0x37) break;
    value = value * 8 + (byte - 0x30);
  }
  for (; at < limit; at += 1) {
    if (block[at] === 0) break;
    if (block[at] !== 0x20) throw malformed(block, field, name);
  }
  return value;
}

function base256(block: Buffer, field: Field, name: string): number {
  const first = block[field.at] as number;
  const isNegative = (first & 0x40) !== 0;
  let value = BigInt(isNegative ? (first & 0x7f) - 0x80 : first & 0x7f);
  for (let at = field.at + 1; at < field.at + field.length; at += 1) {
    value = value * 256n + BigInt(block[at] as number);
  }
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed(block, field, name);
  return number;
}

function malformed(block: Buffer, field: Field, name: string): Fault {
  const bytes = block.toString("latin1", field.at, field.at + field.length);
  return new Fault("TAR_INVALID", "a tar header", {
    why: `its ${name} is not a number`,
    values: { field: name, bytes: JSON.stringify(bytes) },
  });
}

/** @throws Fault TAR_INVALID */
export function checkChecksum(block: Buffer): void {
  const stated = numberField(block, fields.checksum, "checksum");
  const computed = checksumOf(block);
  // Old writers added signed bytes
  if (stated !== computed && stated !== computed - 256 * highBytes(block)) {
    throw new Fault("TAR_INVALID", "a tar header", {
      why: "its checksum is wrong",
      values: { stated, computed },
    });
  }
}

const checksumEnd = fields.checksum.at + fields.checksum.length;

/** Sum of the header's bytes with the checksum field taken as spaces. */
export function checksumOf(block: Buffer): number {
  const spaces = fields.checksum.length * 0x20;
  return sumOf(block, 0, fields.checksum.at) + spaces + sumOf(block, checksumEnd, blockSize);
}

/** Of the bytes from one place to before another. */
function sumOf(bytes: Buffer, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += bytes[at] as number;
  return sum;
}

/** How many bytes, the checksum field apart, are negative when taken as signed. */
function highBytes(block: Buffer): number {
  let high = 0;
  for (let at = 0; at < blockSize; at += 1) {
    if (at === fields.checksum.at) at = checksumEnd;
    high += (block[at] as number) >>> 7;
  }
  return high;
}

/** Writes the checksum: six octal digits, NUL, space. */
export function writeChecksum(block: Buffer, checksum: number = checksumOf(block)): void {
  const text = `${checksum.toString(8).padStart(6, "0")}\0 `;
  block.write(text, fields.checksum.at, "latin1");
}

/** Largest number that fits the field as octal digits with a NUL behind. */
export function octalLimit(field: Field): number {
  return 8 ** (field.length - 1) - 1;
}

/** Octal with leading zeros and a NUL where the number fits, GNU base-256 where it does not. */
export function writeNumber(block: Buffer, field: Field, value: number): void {
  if (value >= 0 && value <= octalLimit(field)) {
    const digits = value.toString(8).padStart(field.length - 1, "0");
    block.write(`${digits}\0`, field.at, "latin1");
    return;
  }
  let rest = BigInt.asUintN(8 * (field.length - 1), BigInt(value));
  for (let at = field.at + field.length - 1; at > field.at; at -= 1) {
    block[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[field.at] = value < 0 ? 0xff : 0x80;
}

/** Bytes of padding behind a body of this size. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
