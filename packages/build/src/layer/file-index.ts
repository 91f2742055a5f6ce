import { Fault } from "@lithify/fault";
import type { TarEntry } from "@lithify/oci";
import { joinPath, nameOf, parentOf } from "./entry.ts";

/** Where the bytes of a file are: in which layer, under which path there. One object per inode. */
export interface ContentPlace {
  readonly layer: number;
  readonly path: string;
}

/** An object of a stage's file system. */
export interface FileNode extends Omit<TarEntry, "path" | "type" | "mtime" | "uname" | "gname"> {
  readonly type: Exclude<TarEntry["type"], "hardlink">;
  readonly place?: ContentPlace;
}

const root: FileNode = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  xattrs: new Map(),
};

/** The merged file system of a stage so far. Layers are applied one after the other; paths are relative. */
export class FileIndex {
  readonly #nodes = new Map<string, FileNode>([["", root]]);
  readonly #names = new Map<string, Set<string>>();

  at(path: string): FileNode | undefined {
    return this.#nodes.get(path);
  }

  names(path: string): readonly string[] {
    return [...(this.#names.get(path) ?? [])].sort();
  }

  /** One layer's entries. Whiteouts take away what lower layers put there, whatever their place in the layer. */
  apply(entries: readonly TarEntry[], layer: number): void {
    for (const { path } of entries) {
      const name = nameOf(path);
      if (name === ".wh..wh..opq")
        for (const child of this.names(parentOf(path)))
          this.#remove(joinPath(parentOf(path), child));
      else if (name.startsWith(".wh.")) this.#remove(joinPath(parentOf(path), name.slice(4)));
    }
    for (const entry of entries) {
      if (nameOf(entry.path).startsWith(".wh.")) this.#imply(parentOf(entry.path));
      else this.#put(entry, layer);
    }
  }

  #put(entry: TarEntry, layer: number): void {
    const { path, type } = entry;
    if (type === "hardlink") {
      const linked = this.#nodes.get(entry.target ?? "");
      if (linked === undefined)
        throw new Fault("TAR_INVALID", `the hard link /${path}`, {
          why: `there is no /${entry.target} that it could be another name of`,
        });
      this.#set(path, linked);
      return;
    }
    const { mode, uid, gid, size, target, device, xattrs } = entry;
    this.#set(path, {
      ...{ type, mode, uid, gid, size, xattrs },
      ...(target === undefined ? {} : { target }),
      ...(device === undefined ? {} : { device }),
      ...(type === "file" ? { place: { layer, path } } : {}),
    });
  }

  #set(path: string, node: FileNode): void {
    const old = this.#nodes.get(path);
    if (old?.type === "directory" && node.type !== "directory") this.#remove(path);
    this.#nodes.set(path, node);
    if (path === "") return;
    const parent = parentOf(path);
    this.#imply(parent);
    const names = this.#names.get(parent) ?? new Set();
    names.add(nameOf(path));
    this.#names.set(parent, names);
  }

  /** A directory that an archive has entries in, whether or not it has one itself. */
  #imply(path: string): void {
    if (this.#nodes.get(path)?.type !== "directory") this.#set(path, root);
  }

  #remove(path: string): void {
    for (const name of this.names(path)) this.#remove(joinPath(path, name));
    this.#names.delete(path);
    this.#names.get(parentOf(path))?.delete(nameOf(path));
    if (path !== "") this.#nodes.delete(path);
  }
}
