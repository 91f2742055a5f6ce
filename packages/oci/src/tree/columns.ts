import type { Digest } from "../blob/digest.ts";
import { noXattrs } from "../tar/entry.ts";
import { treeFromSorted } from "./merged-tree.ts";
import type { NodeType, Tree, TreeNode } from "./tree.ts";

/** A tree as a column for each field, in tree order: small, and made into nodes again without parsing. */
export interface TreeColumns {
  /** Last name of every path, joined by NUL, which no name holds; empty for the root. */
  readonly names: string;
  /** Number of each object's directory. */
  readonly parents: Int32Array;
  readonly types: Uint8Array;
  readonly modes: Uint16Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  readonly sizes: Float64Array;
  readonly mtimes: Float64Array;
  readonly inodes: Uint32Array;
  readonly layers: Int32Array;
  /** Number in `xattrSets` and one, 0 for none. */
  readonly xattrs: Uint32Array;
  readonly xattrSets: readonly (readonly (readonly [string, Uint8Array])[])[];
  /** 64 hexadecimal digits for each object of which `hashed` is 1. */
  readonly digests: string;
  readonly hashed: Uint8Array;
  readonly targets: ReadonlyMap<number, string>;
  readonly devices: ReadonlyMap<number, readonly [number, number]>;
  readonly notes: ReadonlyMap<number, string>;
}

const types: readonly NodeType[] = [
  "file",
  "directory",
  "symlink",
  "fifo",
  "character",
  "block",
  "socket",
];
const prefix = "sha256:";

export function packTree(tree: Tree, notes: ReadonlyMap<string, string>): TreeColumns {
  const nodes = [...tree];
  const count = nodes.length;
  const sets = new XattrSets();
  const digests: string[] = [];
  const columns = {
    names: nodes.map(({ path }) => path.slice(path.lastIndexOf("/") + 1)).join("\0"),
    parents: tree.parents(),
    types: Uint8Array.from(nodes, ({ type }) => types.indexOf(type)),
    modes: Uint16Array.from(nodes, ({ mode }) => mode),
    uids: Uint32Array.from(nodes, ({ uid }) => uid),
    gids: Uint32Array.from(nodes, ({ gid }) => gid),
    sizes: Float64Array.from(nodes, ({ size }) => size),
    mtimes: Float64Array.from(nodes, ({ mtime }) => mtime),
    inodes: Uint32Array.from(nodes, ({ inode }) => inode),
    layers: Int32Array.from(nodes, ({ layer }) => layer),
    xattrs: Uint32Array.from(nodes, ({ xattrs }) => sets.numberOf(xattrs)),
    hashed: new Uint8Array(count),
    targets: new Map<number, string>(),
    devices: new Map<number, readonly [number, number]>(),
    notes: new Map<number, string>(),
  };
  nodes.forEach(({ path, digest, target, device }, number) => {
    if (digest !== undefined) {
      columns.hashed[number] = 1;
      digests.push(digest.slice(prefix.length));
    }
    if (target !== undefined) columns.targets.set(number, target);
    if (device !== undefined) columns.devices.set(number, [device.major, device.minor]);
    const note = notes.get(path);
    if (note !== undefined) columns.notes.set(number, note);
  });
  return { ...columns, digests: digests.join(""), xattrSets: sets.all };
}

export function unpackTree(columns: TreeColumns): {
  readonly tree: Tree;
  readonly notes: ReadonlyMap<string, string>;
} {
  const names = columns.names.split("\0");
  const sets = columns.xattrSets.map(
    (set) => new Map(set.map(([name, value]) => [name, Buffer.from(value)])),
  );
  const paths: string[] = new Array(names.length);
  const nodes: TreeNode[] = new Array(names.length);
  let hashed = 0;
  for (let number = 0; number < names.length; number += 1) {
    const above = number === 0 ? "" : (paths[columns.parents[number] as number] as string);
    const path = above === "/" || number === 0 ? `/${names[number]}` : `${above}/${names[number]}`;
    paths[number] = path;
    const digest =
      columns.hashed[number] === 1
        ? ((prefix + columns.digests.slice(hashed * 64, hashed * 64 + 64)) as Digest)
        : undefined;
    if (digest !== undefined) hashed += 1;
    nodes[number] = nodeAt(columns, number, path, digest, sets);
  }
  const notes = new Map<string, string>();
  for (const [number, note] of columns.notes) notes.set(paths[number] as string, note);
  return { tree: treeFromSorted(nodes, columns.parents), notes };
}

function nodeAt(
  columns: TreeColumns,
  number: number,
  path: string,
  digest: Digest | undefined,
  sets: readonly ReadonlyMap<string, Uint8Array>[],
): TreeNode {
  const type = types[columns.types[number] as number] as NodeType;
  const set = columns.xattrs[number] as number;
  const xattrs = set === 0 ? noXattrs : (sets[set - 1] ?? noXattrs);
  const [mode, uid] = [columns.modes[number] as number, columns.uids[number] as number];
  const [gid, size] = [columns.gids[number] as number, columns.sizes[number] as number];
  const [mtime, inode] = [columns.mtimes[number] as number, columns.inodes[number] as number];
  const layer = columns.layers[number] as number;
  // Most objects are hashed files: one object each, not two
  if (type === "file" && digest !== undefined) {
    return { path, type, mode, uid, gid, size, xattrs, mtime, inode, layer, digest };
  }
  const node = { path, type, mode, uid, gid, size, xattrs, mtime, inode, layer };
  if (type === "symlink") return { ...node, target: columns.targets.get(number) ?? "" };
  const device = columns.devices.get(number);
  if (device === undefined) return node;
  return { ...node, device: { major: device[0], minor: device[1] } };
}

/** Attributes are often the same for many objects, labels above all. */
class XattrSets {
  readonly all: (readonly (readonly [string, Uint8Array])[])[] = [];
  readonly #known = new Map<string, number>();

  /** 0 for no attributes, else the number of the set and one. */
  numberOf(xattrs: ReadonlyMap<string, Uint8Array>): number {
    if (xattrs.size === 0) return 0;
    const set = [...xattrs].map(([name, value]) => [name, Uint8Array.from(value)] as const);
    const key = JSON.stringify(
      set.map(([name, value]) => [name, Buffer.from(value).toString("hex")]),
    );
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.all.push(set);
    this.#known.set(key, this.all.length);
    return this.all.length;
  }
}
