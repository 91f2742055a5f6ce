import type { Digest } from "../blob/digest.ts";
import { noXattrs } from "../tar/entry.ts";
import type { Nodes } from "./nodes.ts";
import type { Kind, Kinds, NodeType, TreeNode } from "./tree.ts";

/** A tree as a column for each field, in tree order: small, and objects are made of it when they are asked for. */
export interface TreeColumns {
  /** Last name of every path, one behind the other; empty for the root. */
  readonly names: string;
  /** Where each name ends in `names`. */
  readonly nameEnds: Uint32Array;
  /** Number of each object's directory. */
  readonly parents: Int32Array;
  /** Every kind of object there is: what the access to it depends on. */
  readonly kinds: readonly PackedKind[];
  /** The number of each object's kind. */
  readonly kindOf: Uint32Array;
  readonly sizes: Float64Array;
  readonly mtimes: Float64Array;
  readonly inodes: Uint32Array;
  readonly layers: Int32Array;
  /** Which objects have a digest. */
  readonly hashed: Uint8Array;
  /** 32 bytes for each object where any has a digest; nothing otherwise. */
  readonly digests: Uint8Array;
  readonly targets: ReadonlyMap<number, string>;
  readonly devices: ReadonlyMap<number, readonly [number, number]>;
  readonly notes: ReadonlyMap<number, string>;
}

export interface PackedKind {
  readonly type: NodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly xattrs: readonly (readonly [string, Uint8Array])[];
}

/** Bytes of a SHA-256. */
export const digestBytes = 32;
export const digestPrefix = "sha256:";

/** The objects of columns, each made when it is asked for first: most decisions ask for few of them. */
export class ColumnNodes implements Nodes {
  readonly #columns: TreeColumns;
  readonly #kinds: readonly Kind[];
  readonly #paths: (string | undefined)[];
  readonly #nodes: (TreeNode | undefined)[];
  readonly #digests: Buffer;

  constructor(columns: TreeColumns) {
    const { buffer, byteOffset, length } = columns.digests;
    this.#columns = columns;
    this.#kinds = columns.kinds.map((kind) => ({ ...kind, xattrs: xattrsOf(kind) }));
    this.#paths = new Array(this.size);
    this.#nodes = new Array(this.size);
    this.#digests = Buffer.from(buffer, byteOffset, length);
  }

  get size(): number {
    return this.#columns.kindOf.length;
  }

  at(number: number): TreeNode {
    const known = this.#nodes[number];
    if (known !== undefined) return known;
    const node = this.#made(number);
    this.#nodes[number] = node;
    return node;
  }

  pathOf(number: number): string {
    const known = this.#paths[number];
    if (known !== undefined) return known;
    const above = number === 0 ? "/" : this.pathOf(this.#columns.parents[number] as number);
    const path = `${above === "/" ? "" : above}/${this.nameOf(number)}`;
    this.#paths[number] = path;
    return path;
  }

  nameOf(number: number): string {
    const { names, nameEnds } = this.#columns;
    return names.slice(number === 0 ? 0 : nameEnds[number - 1], nameEnds[number]);
  }

  typeOf(number: number): NodeType {
    return this.#kindOf(number).type;
  }

  inodeOf(number: number): number {
    return this.#columns.inodes[number] as number;
  }

  all(): readonly TreeNode[] {
    for (let number = 0; number < this.size; number += 1) this.at(number);
    return this.#nodes as TreeNode[];
  }

  parents(): Int32Array {
    return this.#columns.parents;
  }

  kinds(): Kinds {
    return { kinds: this.#kinds, kindOf: this.#columns.kindOf };
  }

  #kindOf(number: number): Kind {
    return this.#kinds[this.#columns.kindOf[number] as number] as Kind;
  }

  #made(number: number): TreeNode {
    const { sizes, mtimes, layers, hashed, targets, devices } = this.#columns;
    const { type, mode, uid, gid, xattrs } = this.#kindOf(number);
    const path = this.pathOf(number);
    const [size, mtime] = [sizes[number] as number, mtimes[number] as number];
    const [inode, layer] = [this.inodeOf(number), layers[number] as number];
    // Most objects are hashed files: one object each, not two
    if (hashed[number] === 1) {
      const digest = this.#digestOf(number);
      return { path, type, mode, uid, gid, size, xattrs, mtime, inode, layer, digest };
    }
    const node = { path, type, mode, uid, gid, size, xattrs, mtime, inode, layer };
    if (type === "symlink") return { ...node, target: targets.get(number) ?? "" };
    const device = devices.get(number);
    if (device === undefined) return node;
    return { ...node, device: { major: device[0], minor: device[1] } };
  }

  #digestOf(number: number): Digest {
    const start = number * digestBytes;
    return (digestPrefix + this.#digests.toString("hex", start, start + digestBytes)) as Digest;
  }
}

function xattrsOf({ xattrs }: PackedKind): ReadonlyMap<string, Uint8Array> {
  if (xattrs.length === 0) return noXattrs;
  return new Map(xattrs.map(([name, value]) => [name, Buffer.from(value)]));
}
