import type { Digest } from "../blob/digest.ts";

export type NodeType = "file" | "directory" | "symlink" | "fifo" | "character" | "block" | "socket";

/**
 * One object of a file tree. Hard links are several paths with the same `inode`.
 * A path is absolute, without a trailing slash (`/` for the root), `.`, `..` or doubled slashes.
 * Bytes of a name that are not UTF-8 are the lone surrogates U+DC80 to U+DCFF (PEP 383), so that nothing is lost.
 */
export interface TreeNode {
  readonly path: string;
  readonly type: NodeType;
  /** Permission bits with set-id and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for everything but files. */
  readonly size: number;
  /** SHA-256 of a file's content; absent for other types, and where content was not read. */
  readonly digest?: Digest;
  /** Target of a symbolic link, as written. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by full name, `security.capability` for example. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Seconds since 1970, with fraction. */
  readonly mtime: number;
  /** Equal for paths that are hard links of one object; meaningful inside one tree only. */
  readonly inode: number;
  /** Index of the layer that the object came from; -1 for the implied root and for live trees. */
  readonly layer: number;
}

/** All of an object that a permission depends on. Objects that are equal in it are of one kind, and decided alike. */
export type Kind = Pick<TreeNode, "type" | "mode" | "uid" | "gid" | "xattrs">;

/** The kinds of a tree's objects: some dozens where there are a hundred thousand objects. */
export interface Kinds {
  readonly kinds: readonly Kind[];
  /** By object number: the index of its kind. */
  readonly kindOf: Uint32Array;
}

/** A merged file tree, as a container sees it. Iterates in the byte order of paths, parents before children. */
export interface Tree extends Iterable<TreeNode> {
  readonly size: number;
  /** The object that comes at this place in the order of iteration, from 0; the root is 0. */
  node(number: number): TreeNode | undefined;
  /** The object at exactly this path; links are not followed. */
  at(path: string): TreeNode | undefined;
  /** Where in the order of iteration the object at exactly this path comes, from 0. */
  numberOf(path: string): number | undefined;
  /** Number of each object's directory, by the number of the object; 0 for the root itself. */
  parents(): Int32Array;
  /** What the access to each object depends on, by number. */
  kinds(): Kinds;
  /** Names in a directory, sorted; empty when there is no such directory. */
  names(path: string): readonly string[];
  /** Every path that is the same object, itself included, sorted. */
  linksOf(node: TreeNode): readonly string[];
  resolve(path: string): Resolution;
}

/**
 * What a path leads to when links are followed from the root.
 * `reached`: the object, and every directory and link passed on the way.
 * `missing`: the nearest existing ancestor directory and the part that does not exist.
 * `loop`: more than 40 links (Linux, path_resolution(7)). `blocked`: a component is not a directory.
 */
export type Resolution =
  | { readonly answer: "reached"; readonly node: TreeNode; readonly via: readonly TreeNode[] }
  | {
      readonly answer: "missing";
      readonly nearest: TreeNode;
      readonly rest: string;
      readonly via: readonly TreeNode[];
    }
  | { readonly answer: "loop"; readonly via: readonly TreeNode[] }
  | { readonly answer: "blocked"; readonly at: TreeNode; readonly via: readonly TreeNode[] };
