import { type FileHandle, open } from "node:fs/promises";
import { Fault } from "@lithify/fault";
import { diffTrees, type Tree, type TreeDifference } from "@lithify/oci";
import { BlockFile, blockSize, padded } from "./block-file.ts";
import type { ErofsLayout } from "./erofs-layout.ts";
import { readErofs, readSuperblock } from "./erofs-read.ts";
import { checkVerity, hashBlocks, parseVerityHeader } from "./verity.ts";
import { invalidVolume } from "./volume-fault.ts";
import { otherTime, parseVolumeSeal, type VolumeSeal } from "./volume-seal.ts";

const sealMagic = "lithify volume 1";

/** The block in front of a volume's seal: says how long the seal is. */
export function sealHeaderBlock(sealBytes: number): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write(sealMagic, 0, "latin1");
  block.writeBigUInt64LE(BigInt(sealBytes), 16);
  return block;
}

/** What was found in a volume whose parts all have their form. It is as sealed when nothing is damaged and nothing differs. */
export interface VolumeCheck {
  readonly seal: VolumeSeal;
  /** What the seal says is there. */
  readonly sealed: Tree;
  readonly rootHash: string;
  /** Blocks whose bytes are not those that were hashed. */
  readonly damagedBlocks: readonly number[];
  readonly changes: readonly TreeDifference[];
  readonly hashOffset: number;
}

/** A volume that was checked and is as sealed, open for reading. */
export interface OpenVolume extends VolumeCheck {
  readonly layout: ErofsLayout;
  readonly disk: BlockFile;
  readonly close: () => Promise<void>;
}

/**
 * Reads a whole volume: every block against the hash tree, every object against the seal. `rootHash` is what it must
 * be, in hexadecimal; without it the volume is only compared with itself. Throws Fault VOLUME_INVALID for a file that
 * is no volume, is truncated, has another root hash, or whose seal or hash tree is damaged.
 */
export async function checkVolume(
  path: string,
  options: { readonly rootHash?: string } = {},
): Promise<VolumeCheck> {
  const handle = await opened(path);
  try {
    return (await checked(handle, options.rootHash)).check;
  } finally {
    await handle.close();
  }
}

/** As checkVolume, and throws Fault VOLUME_INVALID, naming a path, where it is not as sealed. */
export async function openVolume(
  path: string,
  options: { readonly rootHash?: string } = {},
): Promise<OpenVolume> {
  const handle = await opened(path);
  try {
    const { check, layout, disk } = await checked(handle, options.rootHash);
    refuseChanges(check, path);
    return { ...check, layout, disk, close: () => handle.close() };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

/** Throws Fault VOLUME_INVALID with the first change, or the first damaged block. */
export function refuseChanges(
  { changes, damagedBlocks }: Pick<VolumeCheck, "changes" | "damagedBlocks">,
  path: string,
): void {
  const [change] = changes;
  if (change !== undefined) {
    const values = {
      volume: path,
      path: change.path,
      change: change.kind,
      changes: changes.length,
    };
    throw invalidVolume("its content is not what its seal says", values);
  }
  const [block] = damagedBlocks;
  if (block === undefined) return;
  const values = { volume: path, block, blocks: damagedBlocks.length };
  throw invalidVolume("blocks of it are damaged", values);
}

async function opened(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    if ((await handle.stat()).isFile()) return handle;
  } catch (cause) {
    await handle?.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("VOLUME_INVALID", "a read-only volume", {
      why,
      values: { volume: path },
      cause,
    });
  }
  await handle.close();
  throw invalidVolume("it is not a file", { volume: path });
}

async function checked(handle: FileHandle, expected: string | undefined) {
  const file = new BlockFile(handle, (await handle.stat()).size);
  const superblock = await readSuperblock(file);
  const fileSystemBytes = superblock.blocks * blockSize;
  const sealBytes = await readSealSize(file, fileSystemBytes);
  const hashOffset = fileSystemBytes + blockSize + padded(sealBytes);
  const header = parseVerityHeader(await file.bytes(hashOffset, blockSize));
  const treeAt = hashOffset + blockSize;
  const isWhole =
    header.dataBlocks * blockSize === hashOffset &&
    treeAt + hashBlocks(header.dataBlocks) * blockSize === file.size;
  if (!isWhole) {
    const values = { dataBlocks: header.dataBlocks, bytes: file.size };
    throw invalidVolume("its parts do not fit together: it is truncated, or has more", values);
  }
  const { rootHash, damaged } = await checkVerity(file, header, treeAt, expected);
  const behind = await file.bytes(fileSystemBytes + blockSize, padded(sealBytes));
  if (behind.subarray(sealBytes).some((byte) => byte !== 0)) {
    throw invalidVolume("there are bytes behind its seal");
  }
  const { seal, tree: sealed } = parseVolumeSeal(behind.subarray(0, sealBytes));
  refuseOtherRoot(seal, header.salt, header.uuid.equals(superblock.uuid));
  const { tree, layout } = await readErofs(file, superblock);
  const changes = diffTrees(sealed, tree);
  const path = changes.length === 0 ? otherTime(sealed, tree) : undefined;
  if (path !== undefined) throw invalidVolume("a time is not the one in its seal", { path });
  const check: VolumeCheck = {
    ...{ seal, sealed, rootHash, damagedBlocks: damaged, changes, hashOffset },
  };
  return { check, layout, disk: file.first(fileSystemBytes) };
}

async function readSealSize(file: BlockFile, at: number): Promise<number> {
  const block = await file.bytes(at, blockSize);
  const size = Number(block.readBigUInt64LE(16));
  const isKnown =
    Number.isSafeInteger(size) &&
    size > 0 &&
    size < file.size &&
    sealHeaderBlock(size).equals(block);
  if (!isKnown) throw invalidVolume("there is no seal behind its file system");
  return size;
}

/** The salt is the Merkle root, so that a hash tree belongs to one content. */
function refuseOtherRoot(seal: VolumeSeal, salt: Buffer, isOneUuid: boolean): void {
  if (isOneUuid && seal.root === `sha256:${salt.toString("hex")}`) return;
  throw invalidVolume("its hash tree is that of another volume", { root: seal.root });
}
