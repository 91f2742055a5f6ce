import { createHash } from "node:crypto";
import { decodeName, parseDigest, type Tree, type TreeNode, treeFromNodes } from "@lithify/oci";
import { type BlockFile, blockSize } from "./block-file.ts";
import { type DirectoryEntry, parseDirectory } from "./erofs-directory.ts";
import {
  deviceFrom,
  type Inode,
  inodeSize,
  parseInode,
  parseSuperblock,
  rootAt,
  type Superblock,
  slotSize,
  superblockAt,
} from "./erofs-format.ts";
import { type ErofsLayout, type Extent, layoutOf } from "./erofs-layout.ts";
import { parseXattrs } from "./erofs-xattr.ts";
import { invalidVolume } from "./volume-fault.ts";

/** Objects of a volume, and bytes of one directory or of all paths of one object, at most. */
export const volumeLimits = {
  objects: 1_000_000,
  directoryBytes: 64 * 1024 * 1024,
  pathBytes: 4096,
};

/** The superblock at the beginning of a file. Throws Fault VOLUME_INVALID. */
export async function readSuperblock(file: BlockFile): Promise<Superblock> {
  const found = parseSuperblock(await file.bytes(superblockAt, rootAt - superblockAt));
  if (found === undefined) throw invalidVolume("it has not the superblock of a volume");
  if (found.blocks * blockSize > file.size) {
    const values = { blocks: found.blocks, size: file.size };
    throw invalidVolume("it is shorter than its superblock says", values);
  }
  return found;
}

/**
 * The tree of a file system that `layoutOf` laid out, contents hashed. Every other file system is refused, also where a
 * kernel would take it: what is read here is all that there is. Throws Fault VOLUME_INVALID, VOLUME_UNSUPPORTED.
 */
export async function readErofs(
  file: BlockFile,
  superblock: Superblock,
): Promise<{ readonly tree: Tree; readonly layout: ErofsLayout }> {
  const disk = file.first(superblock.blocks * blockSize);
  const nodes: TreeNode[] = [];
  const room = { left: disk.size };
  const known = new Map<number, TreeNode>();
  const pending: { readonly path: string; readonly entry: DirectoryEntry }[] = [
    { path: "/", entry: { name: "/", type: "directory", inode: rootAt / slotSize } },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, entry } = next;
    if (nodes.length >= volumeLimits.objects)
      throw invalidVolume("it has more than a million objects");
    const linked = known.get(entry.inode);
    if (linked !== undefined && linked.type !== "directory") {
      nodes.push({ ...linked, path });
      continue;
    }
    if (linked !== undefined) throw malformed(path, "a directory has two names");
    const { node, children } = await readObject(disk, path, entry.inode, room);
    known.set(entry.inode, node);
    nodes.push(node);
    for (const child of children.toReversed()) {
      pending.push({
        path: path === "/" ? `/${child.name}` : `${path}/${child.name}`,
        entry: child,
      });
    }
  }
  const tree = treeFromNodes(nodes);
  const layout = layoutOf(tree, superblock.uuid);
  await refuseOtherLayout(disk, layout);
  return { tree, layout };
}

/** `room`: no two contents share bytes, so that together they are no larger than the file system. */
async function readObject(
  disk: BlockFile,
  path: string,
  number: number,
  room: { left: number },
): Promise<{ readonly node: TreeNode; readonly children: readonly DirectoryEntry[] }> {
  if (Buffer.byteLength(path) > volumeLimits.pathBytes) throw malformed("…", "a path is too long");
  const at = number * slotSize;
  const inode = parseInode(await disk.bytes(at, inodeSize));
  if (inode === undefined) throw malformed(path, "its inode");
  room.left -= inode.size;
  if (room.left < 0) throw malformed(path, "its size");
  const behind = at + inodeSize;
  const xattrs = parseXattrs(await disk.bytes(behind, inode.xattrBytes));
  if (xattrs === undefined) throw malformed(path, "its extended attributes");
  const tailAt = behind + inode.xattrBytes;
  const { type, mode, uid, gid, mtime } = inode;
  const size = type === "file" ? inode.size : 0;
  const attributes = { path, type, mode, uid, gid, size, mtime, xattrs };
  const node: TreeNode = {
    ...attributes,
    ...(await contentOf(disk, path, inode, tailAt)),
    inode: number,
    layer: -1,
  };
  if (type !== "directory") return { node, children: [] };
  const entries = parseDirectory(await small(disk, path, inode, tailAt));
  if (entries === undefined) throw malformed(path, "its entries");
  return { node, children: entries.filter(({ name }) => name !== "." && name !== "..") };
}

async function contentOf(
  disk: BlockFile,
  path: string,
  inode: Inode,
  tailAt: number,
): Promise<Pick<TreeNode, "digest" | "target" | "device">> {
  switch (inode.type) {
    case "file": {
      const sum = createHash("sha256");
      for await (const piece of inodeContent(disk, inode, tailAt)) sum.update(piece);
      return { digest: parseDigest(`sha256:${sum.digest("hex")}`) };
    }
    case "symlink":
      return { target: decodeName(await small(disk, path, inode, tailAt)) };
    case "character":
    case "block":
      return { device: deviceFrom(inode.address) };
    default:
      return {};
  }
}

/** The content of an inode in pieces. */
async function* inodeContent(
  disk: BlockFile,
  { layout, size, address }: Inode,
  tailAt: number,
): AsyncGenerator<Buffer> {
  const tail = layout === "inline" ? size % blockSize : 0;
  yield* disk.stream(address * blockSize, size - tail);
  if (tail > 0) yield await disk.bytes(tailAt, tail);
}

async function small(disk: BlockFile, path: string, inode: Inode, tailAt: number): Promise<Buffer> {
  if (inode.size > volumeLimits.directoryBytes) throw malformed(path, "its size");
  const pieces: Buffer[] = [];
  for await (const piece of inodeContent(disk, inode, tailAt)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What this tree is laid out as is what is there, padding included. */
async function refuseOtherLayout(
  disk: BlockFile,
  { blocks, metadata, contents }: ErofsLayout,
): Promise<void> {
  const found = blocks * blockSize === disk.size ? await disk.bytes(0, metadata.length) : undefined;
  for (const { size, whole, at, tailAt } of contents.values()) {
    found?.fill(0, tailAt, tailAt + size - whole);
    const over = whole % blockSize;
    if (over === 0) continue;
    const padding = await disk.bytes(at + whole, blockSize - over);
    if (padding.some((byte) => byte !== 0))
      throw invalidVolume("there are bytes between its files");
  }
  if (found === undefined || !found.equals(metadata)) {
    throw invalidVolume("its file system is not laid out as lithify does it");
  }
}

/** The content of a file of a volume that was read, by its first path, in pieces. */
export async function* fileContent(disk: BlockFile, extent: Extent): AsyncGenerator<Buffer> {
  yield* disk.stream(extent.at, extent.whole);
  if (extent.size > extent.whole) yield await disk.bytes(extent.tailAt, extent.size - extent.whole);
}

function malformed(path: string, why: string) {
  return invalidVolume(`an object of its file system is malformed: ${why}`, { path });
}
