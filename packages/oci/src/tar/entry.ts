import type { NodeType } from "../tree/tree.ts";

/** One member of a tar archive, with everything that its header and extension headers say. */
export interface TarEntry {
  /** As in the archive, without leading "../" or "/" and without a trailing "/"; "" for the root. Encoding as in TreeNode. */
  readonly path: string;
  readonly type: NodeType | "hardlink";
  /** 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content, holes of sparse files included; 0 for everything but files. */
  readonly size: number;
  /** Seconds since 1970, with fraction. */
  readonly mtime: number;
  /** Of a symbolic link: as written. Of a hard link: the path of the other name, cleaned as `path` is. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** By full name, `security.capability` for example. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly uname?: string;
  readonly gname?: string;
}

/** What an archive may ask of its reader; beyond it Fault LIMIT_EXCEEDED. */
export interface TarLimits {
  readonly entries: number;
  /** Bytes of a path, or of a link's target. */
  readonly pathBytes: number;
  /** Bytes of one name in a path (Linux: NAME_MAX). */
  readonly nameBytes: number;
  /** Bytes of one PAX or GNU extension header. */
  readonly extensionBytes: number;
  /** Extension headers in front of one member. */
  readonly extensions: number;
  /** Parts of one sparse file. */
  readonly sparseParts: number;
  /** Bytes of holes that sparse files of one archive expand to. */
  readonly holeBytes: number;
}

export const tarLimits: TarLimits = {
  entries: 1_000_000,
  pathBytes: 4096,
  nameBytes: 255,
  extensionBytes: 1024 * 1024,
  extensions: 16,
  sparseParts: 100_000,
  holeBytes: 8 * 1024 ** 3,
};

export const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();
