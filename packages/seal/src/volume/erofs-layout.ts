import { encodeName, parentOf, type Tree, type TreeNode } from "@lithify/oci";
import { blockSize, padded } from "./block-file.ts";
import { type DirectoryEntry, directoryBytes } from "./erofs-directory.ts";
import {
  deviceNumber,
  inodeBytes,
  inodeSize,
  rootAt,
  slotSize,
  superblockAt,
  superblockBytes,
} from "./erofs-format.ts";
import { xattrBytes } from "./erofs-xattr.ts";
import { unsupportedVolume } from "./volume-fault.ts";

/** Where `size` bytes of content lie: whole blocks at `at`, what is over at `tailAt`. */
export interface Extent {
  readonly size: number;
  readonly whole: number;
  readonly at: number;
  readonly tailAt: number;
}

/** Where everything of a tree lies in its file system. The same tree gives the same bytes. */
export interface ErofsLayout {
  readonly blocks: number;
  /** The file system up to the contents of files, their tails left zero. */
  readonly metadata: Buffer;
  /** Of files that are not empty, by the first of their paths. */
  readonly contents: ReadonlyMap<string, Extent>;
}

/**
 * Superblock, inodes in the order of the tree, contents of directories and long links, contents of files. Bytes after
 * the last whole block follow their inode where both fit into one block. Times are whole seconds.
 * Throws Fault VOLUME_UNSUPPORTED for what the format cannot hold.
 */
export function layoutOf(tree: Tree, uuid: Buffer): ErofsLayout {
  const inodes = inodesOf(tree);
  const inodesEnd = placeInodes(inodes);
  const numbers = new Map<string, number>();
  for (const inode of inodes)
    for (const path of tree.linksOf(inode.node)) numbers.set(path, inode.at / slotSize);
  let next = padded(inodesEnd);
  const isFile = ({ node }: PlacedInode) => node.type === "file";
  const isOther = (inode: PlacedInode) => !isFile(inode);
  for (const inode of inodes.filter(isOther)) next = placeContent(inode, next);
  const metadata = Buffer.alloc(next);
  for (const inode of inodes.filter(isFile)) next = placeContent(inode, next);
  const blocks = next / blockSize;
  if (blocks > 0xffff_ffff) throw unsupportedVolume("the trees are larger than 16 TiB");
  superblockBytes({ inodes: inodes.length, blocks, uuid }).copy(metadata, superblockAt);
  for (const [index, inode] of inodes.entries())
    writeInode(metadata, inode, index + 1, tree, numbers);
  const contents = new Map<string, Extent>();
  for (const inode of inodes.filter(isFile))
    if (inode.size > 0) contents.set(inode.node.path, extentOf(inode));
  return { blocks, metadata, contents };
}

interface PlacedInode {
  readonly node: TreeNode;
  readonly size: number;
  readonly xattrs: Buffer;
  readonly isInline: boolean;
  at: number;
  contentAt: number;
}

/** One for each object: a hard link's under its first path. */
function inodesOf(tree: Tree): readonly PlacedInode[] {
  const inodes: PlacedInode[] = [];
  for (const node of tree) {
    if (node.type !== "directory" && tree.linksOf(node)[0] !== node.path) continue;
    const xattrs = xattrBytes(node.xattrs);
    if (xattrs === undefined) {
      throw unsupportedVolume("an extended attribute has no place in EROFS", { path: node.path });
    }
    const size = sizeOf(node, tree);
    const tail = size % blockSize;
    const isInline = tail > 0 && inodeSize + xattrs.length + tail <= blockSize;
    inodes.push({ node, size, xattrs, isInline, at: 0, contentAt: 0 });
  }
  return inodes;
}

function sizeOf(node: TreeNode, tree: Tree): number {
  if (node.type === "directory") return directoryBytes(entriesOf(node, tree)).length;
  if (node.type === "symlink") return encodeName(node.target ?? "").length;
  return node.type === "file" ? node.size : 0;
}

/** Sets where each inode lies; what belongs together stays in one block. Returns where they end. */
function placeInodes(inodes: readonly PlacedInode[]): number {
  let next = rootAt;
  for (const inode of inodes) {
    const head = inodeSize + inode.xattrs.length;
    const together = Math.min(head + (inode.isInline ? inode.size % blockSize : 0), blockSize);
    if ((next % blockSize) + together > blockSize) next = padded(next);
    inode.at = next;
    next += head + (inode.isInline ? inode.size % blockSize : 0);
    next = Math.ceil(next / slotSize) * slotSize;
  }
  return next;
}

/** Sets where the blocks of the content begin. Returns where they end. */
function placeContent(inode: PlacedInode, next: number): number {
  const { whole } = extentOf(inode);
  if (whole === 0) return next;
  inode.contentAt = next;
  return next + padded(whole);
}

function extentOf({ size, isInline, at, xattrs, contentAt }: PlacedInode): Extent {
  const whole = isInline ? size - (size % blockSize) : size;
  return { size, whole, at: contentAt, tailAt: at + inodeSize + xattrs.length };
}

function writeInode(
  metadata: Buffer,
  inode: PlacedInode,
  number: number,
  tree: Tree,
  numbers: ReadonlyMap<string, number>,
): void {
  const { node, size, xattrs, isInline, at } = inode;
  const { type, mode, uid, gid } = node;
  const bytes = inodeBytes({
    layout: isInline ? "inline" : "plain",
    ...{ type, mode, uid, gid, size, number },
    mtime: Math.floor(node.mtime),
    links: linkCount(node, tree),
    xattrBytes: xattrs.length,
    address: node.device === undefined ? inode.contentAt / blockSize : deviceNumber(node.device),
  });
  bytes.copy(metadata, at);
  xattrs.copy(metadata, at + inodeSize);
  if (type !== "directory" && type !== "symlink") return;
  const content =
    type === "symlink"
      ? encodeName(node.target ?? "")
      : directoryBytes(entriesOf(node, tree, numbers));
  const { whole, at: wholeAt, tailAt } = extentOf(inode);
  content.copy(metadata, wholeAt, 0, whole);
  content.copy(metadata, tailAt, whole);
}

function linkCount(node: TreeNode, tree: Tree): number {
  if (node.type !== "directory") return tree.linksOf(node).length;
  const inside = tree.names(node.path).map((name) => tree.at(pathOf(node, name)));
  return 2 + inside.filter((child) => child?.type === "directory").length;
}

function entriesOf(
  node: TreeNode,
  tree: Tree,
  numbers?: ReadonlyMap<string, number>,
): readonly DirectoryEntry[] {
  const entry = (name: string, path: string): DirectoryEntry => ({
    name,
    type: tree.at(path)?.type ?? "directory",
    inode: numbers?.get(path) ?? 0,
  });
  return [
    entry(".", node.path),
    entry("..", parentOf(node.path)),
    ...tree.names(node.path).map((name) => entry(name, pathOf(node, name))),
  ];
}

function pathOf(directory: TreeNode, name: string): string {
  return directory.path === "/" ? `/${name}` : `${directory.path}/${name}`;
}
