import type { Digest } from "../blob/digest.ts";
import type { TarEntry } from "../tar/entry.ts";
import { sortNames } from "../tar/name-bytes.ts";
import type { NodeType, TreeNode } from "./tree.ts";

/** One object while layers are laid over each other. Hard links are several names for one of these. */
export interface Inode {
  readonly number: number;
  type: NodeType;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  digest: Digest | undefined;
  target: string | undefined;
  device: TarEntry["device"];
  xattrs: ReadonlyMap<string, Uint8Array>;
  mtime: number;
  layer: number;
  member: number | undefined;
  note: string | undefined;
  readonly children: Map<string, Inode> | undefined;
}

/** The object of a node of a known tree; what a directory holds is put in later. */
export function inodeFromNode(node: TreeNode, note: string | undefined): Inode {
  const { type, mode, uid, gid, size, digest, target, device, xattrs, mtime, layer, inode } = node;
  const attributes = { type, mode, uid, gid, size, digest, target, device, xattrs, mtime, layer };
  const children = type === "directory" ? new Map<string, Inode>() : undefined;
  return { number: inode, ...attributes, member: undefined, note, children };
}

/** The node of an object under one of its names. */
export function nodeOf(path: string, inode: Inode): TreeNode {
  const { type, mode, uid, gid, size, digest, target, device, xattrs, mtime, layer } = inode;
  const number = inode.number;
  // One object for each, no copy of it: there are as many as the image has files
  if (digest !== undefined)
    return { path, type, mode, uid, gid, size, xattrs, mtime, inode: number, layer, digest };
  if (target !== undefined)
    return { path, type, mode, uid, gid, size, xattrs, mtime, inode: number, layer, target };
  if (device !== undefined)
    return { path, type, mode, uid, gid, size, xattrs, mtime, inode: number, layer, device };
  return { path, type, mode, uid, gid, size, xattrs, mtime, inode: number, layer };
}

/** Puts what a directory holds on the stack, first on top, each of its directories a second time with a slash for what is in it. */
export function pushChildren(stack: [string, Inode][], prefix: string, { children }: Inode): void {
  if (children === undefined) return;
  const keys: string[] = [];
  for (const [name, child] of children) {
    keys.push(name);
    if (child.children !== undefined && child.children.size > 0) keys.push(`${name}/`);
  }
  sortNames(keys);
  for (let at = keys.length - 1; at >= 0; at -= 1) {
    const key = keys[at] as string;
    const name = key.endsWith("/") ? key.slice(0, -1) : key;
    stack.push([prefix + key, children.get(name) as Inode]);
  }
  children.clear();
}
