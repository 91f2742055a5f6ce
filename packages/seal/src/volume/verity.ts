import { hash } from "node:crypto";
import { type BlockFile, blockSize } from "./block-file.ts";
import { invalidVolume } from "./volume-fault.ts";

/** What the superblock of a hash tree says, as far as it may vary here. */
export interface VerityHeader {
  readonly dataBlocks: number;
  readonly salt: Buffer;
  readonly uuid: Buffer;
}

const digestSize = 32;
const digestsInBlock = blockSize / digestSize;

/**
 * The superblock of dm-verity, padded to one block, as `veritysetup format` writes it: version 1, hash type 1, SHA-256,
 * blocks of 4096 bytes (cryptsetup, lib/verity/verity.c; kernel documentation, admin-guide/device-mapper/verity).
 */
export function verityHeaderBlock({ dataBlocks, salt, uuid }: VerityHeader): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write("verity\0\0", 0, "latin1");
  block.writeUInt32LE(1, 8);
  block.writeUInt32LE(1, 12);
  uuid.copy(block, 16, 0, 16);
  block.write("sha256", 32, "latin1");
  block.writeUInt32LE(blockSize, 64);
  block.writeUInt32LE(blockSize, 68);
  block.writeBigUInt64LE(BigInt(dataBlocks), 72);
  block.writeUInt16LE(salt.length, 80);
  salt.copy(block, 88);
  return block;
}

/** Reads the superblock. Throws Fault VOLUME_INVALID for every other than `verityHeaderBlock` writes. */
export function parseVerityHeader(block: Buffer): VerityHeader {
  const saltSize = block.readUInt16LE(80);
  const header = {
    dataBlocks: Number(block.readBigUInt64LE(72)),
    salt: Buffer.from(block.subarray(88, 88 + Math.min(saltSize, 256))),
    uuid: Buffer.from(block.subarray(16, 32)),
  };
  if (!Number.isSafeInteger(header.dataBlocks) || !verityHeaderBlock(header).equals(block)) {
    throw invalidVolume("the superblock of its hash tree is not one of format 1 with SHA-256");
  }
  return header;
}

/** Blocks of the hash tree over so many data blocks, without the superblock. */
export function hashBlocks(dataBlocks: number): number {
  return levelSizes(dataBlocks).reduce((sum, blocks) => sum + blocks, 0);
}

/** The hash tree over data: as it lies in the file, the level of the root first. */
export interface HashTree {
  readonly rootHash: string;
  readonly blocks: Buffer;
}

/** Hashes every block of the data, whose length is a multiple of a block. */
export async function hashTreeOf(data: AsyncIterable<Buffer>, salt: Uint8Array): Promise<HashTree> {
  const leaves: Buffer[] = [];
  for await (const piece of data) leaves.push(digestsOf(piece, salt));
  const levels: Buffer[] = [];
  let digests: Buffer = Buffer.concat(leaves);
  while (digests.length > digestSize) {
    const level = Buffer.alloc(Math.ceil(digests.length / blockSize) * blockSize);
    digests.copy(level);
    levels.unshift(level);
    digests = digestsOf(level, salt);
  }
  return { rootHash: digests.toString("hex"), blocks: Buffer.concat(levels) };
}

/** What of a stored hash tree and its data fits the root hash. */
export interface VerityCheck {
  readonly rootHash: string;
  /** Data blocks whose stored hash is another one, first to last. */
  readonly damaged: readonly number[];
}

/**
 * Hashes every data block anew and compares it with the stored tree, which lies after its superblock at `treeAt`. The
 * stored tree must itself be whole: Throws Fault VOLUME_INVALID where one of its blocks does not hash to what the block
 * above it says, or its root is not `expected` (hexadecimal). Without `expected` the root is the one of the stored tree.
 */
export async function checkVerity(
  file: BlockFile,
  header: VerityHeader,
  treeAt: number,
  expected?: string,
): Promise<VerityCheck> {
  const { dataBlocks, salt } = header;
  const stored = await file.bytes(treeAt, hashBlocks(dataBlocks) * blockSize);
  const rootHash = digestsOf(stored.subarray(0, blockSize), salt).toString("hex");
  if (expected !== undefined && rootHash !== expected) {
    throw invalidVolume("its root hash is another one", { expected, found: rootHash });
  }
  const leaves = checkedLeaves(stored, dataBlocks, salt);
  const damaged: number[] = [];
  let number = 0;
  for await (const piece of file.stream(0, dataBlocks * blockSize)) {
    const digests = digestsOf(piece, salt);
    for (let at = 0; at < digests.length; at += digestSize, number += 1) {
      const wanted = leaves.subarray(number * digestSize, (number + 1) * digestSize);
      if (!digests.subarray(at, at + digestSize).equals(wanted)) damaged.push(number);
    }
  }
  return { rootHash, damaged };
}

/** The lowest level, once every level has been compared with the one above. */
function checkedLeaves(stored: Buffer, dataBlocks: number, salt: Uint8Array): Buffer {
  let above: Buffer | undefined;
  let at = 0;
  for (const blocks of levelSizes(dataBlocks)) {
    const level = stored.subarray(at, at + blocks * blockSize);
    at += level.length;
    const digests = digestsOf(level, salt);
    const isWhole =
      above === undefined ||
      (above.subarray(0, digests.length).equals(digests) && isZero(above, digests.length));
    if (!isWhole) throw invalidVolume("its hash tree is damaged");
    above = level;
  }
  if (above === undefined || !isZero(above, dataBlocks * digestSize)) {
    throw invalidVolume("its hash tree is damaged");
  }
  return above;
}

function isZero(bytes: Buffer, from: number): boolean {
  return bytes.subarray(from).every((byte) => byte === 0);
}

/** Blocks of each level, that of the root first; at least one. */
function levelSizes(dataBlocks: number): readonly number[] {
  const sizes: number[] = [];
  let blocks = dataBlocks;
  do {
    blocks = Math.ceil(blocks / digestsInBlock);
    sizes.unshift(blocks);
  } while (blocks > 1);
  return sizes;
}

/** The digest of each block, the salt in front, one after another. */
function digestsOf(blocks: Buffer, salt: Uint8Array): Buffer {
  const count = blocks.length / blockSize;
  const digests = Buffer.alloc(count * digestSize);
  const salted = Buffer.alloc(salt.length + blockSize);
  salted.set(salt);
  for (let number = 0; number < count; number += 1) {
    blocks.copy(salted, salt.length, number * blockSize, (number + 1) * blockSize);
    hash("sha256", salted, "buffer").copy(digests, number * digestSize);
  }
  return digests;
}
