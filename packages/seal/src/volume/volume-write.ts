import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@lithify/fault";
import type { Image, Store, TreeNode } from "@lithify/oci";
import type { Policy } from "../policy/policy.ts";
import { BlockFile, blockSize, padded, writeAt } from "./block-file.ts";
import { type Extent, layoutOf } from "./erofs-layout.ts";
import { readContents } from "./image-content.ts";
import { hashTreeOf, verityHeaderBlock } from "./verity.ts";
import { sealHeaderBlock } from "./volume-file.ts";
import { type VolumeSeal, volumeSealBytes, volumeSealOf } from "./volume-seal.ts";
import { volumeTreeOf } from "./volume-tree.ts";

/** A volume as it was written. */
export interface WrittenVolume {
  readonly seal: VolumeSeal;
  /** Of the dm-verity tree over file system and seal: 64 hexadecimal digits. */
  readonly rootHash: string;
  readonly salt: string;
  /** Bytes of the file, of the file system in it, and where the hash tree's superblock lies. */
  readonly bytes: number;
  readonly fileSystemBytes: number;
  readonly hashOffset: number;
}

/**
 * Writes the protected trees of an image, or those at `paths`, as one file: file system, seal, hash tree. The same
 * trees under the same policy give the same bytes. The file is there whole or not at all. Throws Fault
 * VOLUME_UNSUPPORTED, VOLUME_UNWRITABLE, and what planning a seal and reading the image throw.
 */
export async function writeVolume(
  file: string,
  from: {
    readonly store: Store;
    readonly image: Image;
    readonly policy: Policy;
    readonly paths?: readonly string[];
  },
): Promise<WrittenVolume> {
  const { tree, source, ...about } = await volumeTreeOf(
    from.store,
    from.image,
    from.policy,
    from.paths,
  );
  const seal = volumeSealOf(tree, about);
  const uuid = uuidOf(seal);
  const layout = layoutOf(tree, uuid);
  return replaced(file, async (handle) => {
    await writeAt(handle, layout.metadata, 0);
    await handle.truncate(layout.blocks * blockSize);
    const files: TreeNode[] = [...layout.contents.keys()].flatMap((path) => tree.at(path) ?? []);
    await readContents(from.image, files, source, (node) => {
      const extent = layout.contents.get(node.path);
      return (bytes, position) => putAt(handle, extent, bytes, position);
    });
    return finished(handle, layout.blocks * blockSize, seal, uuid);
  });
}

/** Appends seal and hash tree to a file system. */
async function finished(
  handle: FileHandle,
  fileSystemBytes: number,
  seal: VolumeSeal,
  uuid: Buffer,
): Promise<WrittenVolume> {
  const text = volumeSealBytes(seal);
  const sealed = Buffer.alloc(blockSize + padded(text.length));
  sealHeaderBlock(text.length).copy(sealed);
  text.copy(sealed, blockSize);
  await writeAt(handle, sealed, fileSystemBytes);
  const hashOffset = fileSystemBytes + sealed.length;
  const salt = Buffer.from(seal.root.slice("sha256:".length), "hex");
  const data = new BlockFile(handle, hashOffset).stream(0, hashOffset);
  const tree = await hashTreeOf(data, salt);
  const header = verityHeaderBlock({ dataBlocks: hashOffset / blockSize, salt, uuid });
  const end = Buffer.concat([header, tree.blocks]);
  await writeAt(handle, end, hashOffset);
  const bytes = hashOffset + end.length;
  const { rootHash } = tree;
  return { seal, rootHash, salt: salt.toString("hex"), bytes, fileSystemBytes, hashOffset };
}

async function putAt(
  handle: FileHandle,
  extent: Extent | undefined,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  if (extent === undefined) return;
  const { whole, at, tailAt } = extent;
  const inBlocks = Math.min(bytes.length, Math.max(0, whole - position));
  await writeAt(handle, bytes.subarray(0, inBlocks), at + position);
  await writeAt(handle, bytes.subarray(inBlocks), tailAt + position + inBlocks - whole);
}

/** From what the volume holds, so that it is the same wherever it is made: a UUID of version 8 (RFC 9562). */
function uuidOf({ root }: VolumeSeal): Buffer {
  const uuid = createHash("sha256").update(`lithify volume ${root}`).digest().subarray(0, 16);
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x80;
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80;
  return uuid;
}

/** Temporary name beside it, fsync, rename, fsync of the directory. */
async function replaced<Result>(
  file: string,
  fill: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx+", 0o644);
    let result: Result;
    try {
      result = await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const directory = await open(dirname(file), "r");
    await directory.sync().finally(() => directory.close());
    return result;
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof Fault || !(cause instanceof Error) || !("syscall" in cause)) throw cause;
    throw new Fault("VOLUME_UNWRITABLE", "write a volume", {
      why: cause.message,
      values: { path: file },
      cause,
    });
  }
}
