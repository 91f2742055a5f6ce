import type { NodeType } from "@lithify/oci";

/** The bytes of a file. Entries that share one Content object are hard links of each other. */
export interface Content {
  open(): AsyncIterable<Uint8Array>;
}

/** One object that a build step puts into its layer. Paths are relative: no slash at either end. */
export interface LayerEntry {
  readonly path: string;
  readonly type: NodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly content?: Content;
}

export const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

export function contentOf(bytes: Uint8Array): Content {
  return {
    async *open() {
      if (bytes.length > 0) yield bytes;
    },
  };
}

export function directoryEntry(
  path: string,
  mode: number,
  owner: { readonly uid: number; readonly gid: number },
): LayerEntry {
  const { uid, gid } = owner;
  return { path, type: "directory", mode, uid, gid, size: 0, xattrs: noXattrs };
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function joinPath(directory: string, name: string): string {
  if (directory === "") return name;
  return name === "" ? directory : `${directory}/${name}`;
}
