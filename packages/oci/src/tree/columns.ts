import {
  ColumnNodes,
  digestBytes,
  digestPrefix,
  type PackedKind,
  type TreeColumns,
} from "./column-nodes.ts";
import { treeOf } from "./merged-tree.ts";
import type { Tree } from "./tree.ts";

/** The columns of a tree, to be kept. */
export function packTree(tree: Tree, notes: ReadonlyMap<string, string>): TreeColumns {
  const nodes = [...tree];
  const count = nodes.length;
  const names = nodes.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const isAnyHashed = nodes.some(({ digest }) => digest !== undefined);
  const digests = Buffer.alloc(isAnyHashed ? count * digestBytes : 0);
  const columns = {
    names: names.join(""),
    nameEnds: endsOf(names),
    parents: tree.parents(),
    ...packKinds(tree),
    sizes: Float64Array.from(nodes, ({ size }) => size),
    mtimes: Float64Array.from(nodes, ({ mtime }) => mtime),
    inodes: Uint32Array.from(nodes, ({ inode }) => inode),
    layers: Int32Array.from(nodes, ({ layer }) => layer),
    hashed: new Uint8Array(count),
    digests: new Uint8Array(digests.buffer, digests.byteOffset, digests.length),
    targets: new Map<number, string>(),
    devices: new Map<number, readonly [number, number]>(),
    notes: new Map<number, string>(),
  };
  nodes.forEach(({ path, digest, target, device }, number) => {
    if (digest !== undefined) {
      columns.hashed[number] = 1;
      digests.write(digest.slice(digestPrefix.length), number * digestBytes, "hex");
    }
    if (target !== undefined) columns.targets.set(number, target);
    if (device !== undefined) columns.devices.set(number, [device.major, device.minor]);
    const note = notes.get(path);
    if (note !== undefined) columns.notes.set(number, note);
  });
  return columns;
}

/** The tree of these columns, which are what `packTree` gave. */
export function unpackTree(columns: TreeColumns): {
  readonly tree: Tree;
  readonly notes: ReadonlyMap<string, string>;
} {
  const nodes = new ColumnNodes(columns);
  const notes = new Map<string, string>();
  for (const [number, note] of columns.notes) notes.set(nodes.pathOf(number), note);
  return { tree: treeOf(nodes), notes };
}

function endsOf(names: readonly string[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(names, (name) => {
    end += name.length;
    return end;
  });
}

/** Kinds that differ only in which of two equal sets of attributes they have become one. */
function packKinds(tree: Tree): Pick<TreeColumns, "kinds" | "kindOf"> {
  const { kinds, kindOf } = tree.kinds();
  const packed: PackedKind[] = [];
  const known = new Map<string, number>();
  const numbers = kinds.map(({ type, mode, uid, gid, xattrs }) => {
    const set = [...xattrs].map(([name, value]) => [name, Uint8Array.from(value)] as const);
    const attributes = set.map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
    const key = JSON.stringify([type, mode, uid, gid, attributes]);
    const number = known.get(key) ?? packed.length;
    if (number === packed.length) {
      known.set(key, number);
      packed.push({ type, mode, uid, gid, xattrs: set });
    }
    return number;
  });
  return { kinds: packed, kindOf: kindOf.map((kind) => numbers[kind] as number) };
}
