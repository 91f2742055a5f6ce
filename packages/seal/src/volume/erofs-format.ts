import type { NodeType } from "@lithify/oci";
import { blockSize } from "./block-file.ts";

/*
 * EROFS as the kernel documents it (Documentation/filesystems/erofs.rst, fs/erofs/erofs_fs.h): no compression, no
 * feature that a kernel since 5.4 would not know, extended inodes only.
 */

export const superblockAt = 1024;
const superblockSize = 128;
const magic = 0xe0f5e1e2;
/** EROFS_FEATURE_COMPAT_MTIME: the one time of an inode is that of its last change. */
const compatible = 2;

/** Inodes are numbered by where they lie, in units of 32 bytes. */
export const slotSize = 32;
export const inodeSize = 64;
/** The root's number has 16 bits, so it comes first, right after the superblock. */
export const rootAt = superblockAt + superblockSize;

export interface Superblock {
  readonly inodes: number;
  /** Of the file system; what follows them in the file is not its own. */
  readonly blocks: number;
  readonly uuid: Buffer;
}

export function superblockBytes({ inodes, blocks, uuid }: Superblock): Buffer {
  const bytes = Buffer.alloc(superblockSize);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(compatible, 8);
  bytes.writeUInt8(Math.log2(blockSize), 12);
  bytes.writeUInt16LE(rootAt / slotSize, 14);
  bytes.writeBigUInt64LE(BigInt(inodes), 16);
  bytes.writeUInt32LE(blocks, 36);
  uuid.copy(bytes, 48, 0, 16);
  bytes.write("lithify", 64, "latin1");
  return bytes;
}

/** Undefined for every other superblock than `superblockBytes` writes. */
export function parseSuperblock(bytes: Buffer): Superblock | undefined {
  const superblock = {
    inodes: Number(bytes.readBigUInt64LE(16)),
    blocks: bytes.readUInt32LE(36),
    uuid: Buffer.from(bytes.subarray(48, 64)),
  };
  const isKnown =
    Number.isSafeInteger(superblock.inodes) && superblockBytes(superblock).equals(bytes);
  return isKnown ? superblock : undefined;
}

/** One inode as it lies on disk. `layout`: whether the bytes after the last whole block follow the inode. */
export interface Inode {
  readonly layout: "plain" | "inline";
  readonly type: NodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly links: number;
  /** Counted from 1 in the order of the tree; for stat(2). */
  readonly number: number;
  /** Bytes of the extended attributes behind it. */
  readonly xattrBytes: number;
  /** The first block of its data, or the device's number. */
  readonly address: number;
}

const typeBits: Readonly<Record<NodeType, number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
};

const layouts = { plain: 0, inline: 2 } as const;

export function inodeBytes(inode: Inode): Buffer {
  const bytes = Buffer.alloc(inodeSize);
  bytes.writeUInt16LE(1 | (layouts[inode.layout] << 1), 0);
  bytes.writeUInt16LE(xattrCount(inode.xattrBytes), 2);
  bytes.writeUInt16LE(typeBits[inode.type] | inode.mode, 4);
  bytes.writeBigUInt64LE(BigInt(inode.size), 8);
  bytes.writeUInt32LE(inode.address, 16);
  bytes.writeUInt32LE(inode.number, 20);
  bytes.writeUInt32LE(inode.uid, 24);
  bytes.writeUInt32LE(inode.gid, 28);
  bytes.writeBigInt64LE(BigInt(inode.mtime), 32);
  bytes.writeUInt32LE(inode.links, 44);
  return bytes;
}

/** Undefined for every other inode than `inodeBytes` writes. */
export function parseInode(bytes: Buffer): Inode | undefined {
  const bits = bytes.readUInt16LE(4);
  const type = Object.entries(typeBits).find(([, each]) => each === (bits & 0o170000))?.[0];
  const count = bytes.readUInt16LE(2);
  if (type === undefined) return undefined;
  const inode: Inode = {
    layout: bytes.readUInt16LE(0) === (1 | (layouts.inline << 1)) ? "inline" : "plain",
    type: type as NodeType,
    mode: bits & 0o7777,
    uid: bytes.readUInt32LE(24),
    gid: bytes.readUInt32LE(28),
    size: Number(bytes.readBigUInt64LE(8)),
    mtime: Number(bytes.readBigInt64LE(32)),
    links: bytes.readUInt32LE(44),
    number: bytes.readUInt32LE(20),
    xattrBytes: count === 0 ? 0 : xattrHeaderSize + (count - 1) * 4,
    address: bytes.readUInt32LE(16),
  };
  const isKnown =
    Number.isSafeInteger(inode.size) &&
    Number.isSafeInteger(inode.mtime) &&
    inodeBytes(inode).equals(bytes);
  return isKnown ? inode : undefined;
}

/** Bytes in front of the extended attributes of an inode: a filter and the count of shared ones, both unused. */
export const xattrHeaderSize = 12;

function xattrCount(bytes: number): number {
  return bytes === 0 ? 0 : (bytes - xattrHeaderSize) / 4 + 1;
}

/** A device's number as Linux encodes it in 32 bits (new_encode_dev). */
export function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }) {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function deviceFrom(number: number): { readonly major: number; readonly minor: number } {
  return { major: (number >>> 8) & 0xfff, minor: (number & 0xff) | ((number >>> 12) & 0xfff00) };
}
