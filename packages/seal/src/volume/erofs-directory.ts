import { compareNames, decodeName, encodeName, type NodeType } from "@lithify/oci";
import { blockSize } from "./block-file.ts";

/** One name in a directory, `.` and `..` included. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: NodeType;
  /** The inode's number; not known yet while sizes are counted. */
  readonly inode: number;
}

const entrySize = 12;

const types: readonly (NodeType | undefined)[] = [
  undefined,
  "file",
  "directory",
  "character",
  "block",
  "fifo",
  "socket",
  "symlink",
];

/**
 * The content of a directory: blocks of entries, followed by their names, in the byte order of names; as many in a block
 * as fit. The last block ends with its last name, the others are filled with zeros.
 */
export function directoryBytes(entries: readonly DirectoryEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => compareNames(a.name, b.name));
  const blocks: Buffer[] = [];
  let names: Buffer[] = [];
  let first = 0;
  let used = 0;
  const flush = (end: number, isLast: boolean) => {
    const block = Buffer.alloc(isLast ? used : blockSize);
    let nameAt = names.length * entrySize;
    for (const [index, name] of names.entries()) {
      const entry = sorted[first + index] as DirectoryEntry;
      const at = index * entrySize;
      block.writeBigUInt64LE(BigInt(entry.inode), at);
      block.writeUInt16LE(nameAt, at + 8);
      block.writeUInt8(types.indexOf(entry.type), at + 10);
      name.copy(block, nameAt);
      nameAt += name.length;
    }
    blocks.push(block);
    [names, first, used] = [[], end, 0];
  };
  for (const [index, { name }] of sorted.entries()) {
    const bytes = encodeName(name);
    if (used + entrySize + bytes.length > blockSize) flush(index, false);
    names.push(bytes);
    used += entrySize + bytes.length;
  }
  flush(sorted.length, true);
  return Buffer.concat(blocks);
}

/** The entries of a directory's content in their order; undefined where it is malformed. */
export function parseDirectory(content: Buffer): readonly DirectoryEntry[] | undefined {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < content.length; at += blockSize) {
    const found = parseBlock(content.subarray(at, at + blockSize));
    if (found === undefined) return undefined;
    entries.push(...found);
  }
  return entries;
}

function parseBlock(block: Buffer): readonly DirectoryEntry[] | undefined {
  if (block.length < entrySize) return undefined;
  const namesAt = block.readUInt16LE(8);
  if (namesAt < entrySize || namesAt % entrySize !== 0 || namesAt > block.length) return undefined;
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < namesAt; at += entrySize) {
    const from = block.readUInt16LE(at + 8);
    const isLast = at + entrySize === namesAt;
    const to = isLast ? block.length : block.readUInt16LE(at + entrySize + 8);
    const type = types[block.readUInt8(at + 10)];
    if (type === undefined || from > to || to > block.length) return undefined;
    const name = decodeName(
      isLast ? withoutZeros(block.subarray(from, to)) : block.subarray(from, to),
    );
    const inode = Number(block.readBigUInt64LE(at));
    if (!isName(name) || !Number.isSafeInteger(inode)) return undefined;
    entries.push({ name, type, inode });
  }
  return entries;
}

function isName(name: string): boolean {
  return name !== "" && !name.includes("/") && !name.includes("\0");
}

function withoutZeros(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}
