import { Fault } from "@lithify/fault";
import type { Digest } from "../blob/digest.ts";
import { noXattrs, type TarEntry } from "../tar/entry.ts";
import { type Inode, inodeFromNode, nodeOf, pushChildren } from "./inode.ts";
import { parentOf, treeFromSorted } from "./merged-tree.ts";
import type { NodeType, Tree, TreeNode } from "./tree.ts";

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";
const auxiliaryPrefix = ".wh..wh.";

/**
 * The note of a directory into which a layer puts something without naming it: engines that unpack each layer by itself
 * show it as root's, 0755, then.
 */
export const passedOverNote = "passed over";

/** What a merged tree may hold; beyond it Fault LIMIT_EXCEEDED. Directories that paths only imply count too. */
export const treeLimits = { objects: 2_000_000, pathCharacters: 512 * 1024 * 1024 };

/** A member of a layer, and the digest of its content when that was read. */
export interface LayerMember {
  readonly entry: TarEntry;
  digest?: Digest;
  /** What a watch kept of its content. */
  note?: string;
}

/** Where the content of a node is: the member with this number of the node's layer; and what was noted of it. */
export interface Replayed {
  readonly tree: Tree;
  /** By path, every name of an object. */
  readonly notes: ReadonlyMap<string, string>;
  memberOf(node: TreeNode): number | undefined;
}

/** Layers laid over each other, lowest first; `finish` gives the tree. */
export class LayeredTree {
  #inodes = 0;
  #root: Inode;
  #layer = -1;
  /** Type of every path that the layer being applied has set. */
  #set = new Map<string, TarEntry["type"]>();

  constructor() {
    this.#root = this.#impliedDirectory();
  }

  /** Lays further layers over a tree that is known; where contents lie in its layers is not. */
  static over(tree: Tree, notes: ReadonlyMap<string, string>): LayeredTree {
    const layered = new LayeredTree();
    const byNumber = new Map<number, Inode>();
    const byPath = new Map<string, Inode>();
    for (const node of tree) {
      const inode = byNumber.get(node.inode) ?? inodeFromNode(node, notes.get(node.path));
      byNumber.set(inode.number, inode);
      byPath.set(node.path, inode);
      layered.#inodes = Math.max(layered.#inodes, inode.number);
      const name = node.path.slice(node.path.lastIndexOf("/") + 1);
      if (name === "") layered.#root = inode;
      else byPath.get(parentOf(node.path))?.children?.set(name, inode);
    }
    return layered;
  }

  /** @throws Fault LAYER_UNSAFE */
  apply(members: readonly LayerMember[], layer: number): void {
    this.#begin(layer);
    const kinds = members.map(({ entry }) => this.#kindOf(entry));
    const marks = members.filter((_, number) => isMark(kinds[number]));
    for (const { entry } of marks) this.#hide(entry);
    for (const [number, member] of members.entries()) {
      if (kinds[number] === "ordinary") this.#add(member, number);
    }
    // As engines do: a mark makes the directory that it lies in
    for (const { entry } of marks) this.#parent(this.#namesOf(entry.path).slice(0, -1), entry.path);
  }

  /** Without whiteouts: names are only names. @throws Fault LAYER_UNSAFE */
  applyPlain(members: readonly LayerMember[]): void {
    this.#begin(-1);
    for (const [number, member] of members.entries()) this.#add(member, number);
  }

  /** To be called once: what was laid over each other is given up while the tree is made. */
  finish(): Replayed {
    const members = new Int32Array(this.#inodes + 1).fill(-1);
    const notes = new Map<string, string>();
    const tree = treeFromSorted(this.#nodes(members, notes));
    return {
      tree,
      notes,
      memberOf: ({ inode }) => (members[inode] === -1 ? undefined : members[inode]),
    };
  }

  /** In the order of paths: what lies in a directory comes where its name and a slash would stand among its neighbours. */
  #nodes(members: Int32Array, notes: Map<string, string>): readonly TreeNode[] {
    const nodes: TreeNode[] = [];
    let characters = 0;
    const stack: [string, Inode][] = [
      ["//", this.#root],
      ["/", this.#root],
    ];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const [path, inode] = next;
      if (path.length > 1 && path.endsWith("/")) {
        pushChildren(stack, path === "//" ? "/" : path, inode);
        continue;
      }
      characters += path.length;
      if (characters > treeLimits.pathCharacters) {
        throw new Fault("LIMIT_EXCEEDED", "the paths of an image together", {
          values: { limit: treeLimits.pathCharacters },
        });
      }
      if (inode.member !== undefined) members[inode.number] = inode.member;
      if (inode.note !== undefined) notes.set(path, inode.note);
      nodes.push(nodeOf(path, inode));
    }
    return nodes;
  }

  #begin(layer: number): void {
    this.#layer = layer;
    this.#set = new Map();
  }

  #kindOf(entry: TarEntry): "ordinary" | "whiteout" | "opaque" | "auxiliary" {
    const { path } = entry;
    if (!path.includes(whiteoutPrefix)) return "ordinary";
    const names = path.split("/");
    const last = names[names.length - 1] as string;
    if (last === opaqueName) return "opaque";
    // AUFS left its own files in layers; engines skip them
    if (names.some((name) => name.startsWith(auxiliaryPrefix))) return "auxiliary";
    if (names.slice(0, -1).some((name) => name.startsWith(whiteoutPrefix))) {
      throw unsafe(path, "a whiteout is used as a directory");
    }
    if (!last.startsWith(whiteoutPrefix)) return "ordinary";
    const hidden = last.slice(whiteoutPrefix.length);
    if (hidden === "" || hidden === "." || hidden === "..") {
      throw unsafe(path, "it is a whiteout of no name");
    }
    return "whiteout";
  }

  /** Hides what lower layers hold. Where they hold no directory there is nothing to hide. */
  #hide(entry: TarEntry): void {
    const names = this.#namesOf(entry.path);
    const last = names.pop() as string;
    let at: Inode | undefined = this.#root;
    for (const name of names) at = at?.children?.get(name);
    if (last === opaqueName) at?.children?.clear();
    else at?.children?.delete(last.slice(whiteoutPrefix.length));
  }

  #add(member: LayerMember, number: number): void {
    const { entry } = member;
    if (this.#layer >= 0) refuseOverlayOwn(entry);
    if (entry.path === "") {
      if (entry.type !== "directory") throw unsafe("/", "the root is not a directory");
      this.#replaceAttributes(this.#root, entry);
      return;
    }
    const before = this.#set.get(entry.path);
    if (before !== undefined && swapsType(before, entry.type)) {
      throw unsafe(entry.path, `it comes twice, as ${before} and as ${entry.type}`);
    }
    this.#set.set(entry.path, entry.type);
    const names = this.#namesOf(entry.path);
    const name = names.pop() as string;
    const { children } = this.#parent(names, entry.path);
    const existing = children.get(name);
    if (entry.type === "hardlink") {
      children.set(name, this.#linked(entry));
    } else if (entry.type === "directory" && existing?.children !== undefined) {
      this.#replaceAttributes(existing, entry);
    } else {
      children.set(name, this.#inodeOf(entry.type, member, number));
    }
  }

  /** The directory with these names, made where it is missing. */
  #parent(names: readonly string[], path: string): { readonly children: Map<string, Inode> } {
    let directory = this.#root.children as Map<string, Inode>;
    for (const name of names) {
      const next = directory.get(name);
      if (next === undefined) {
        const made = this.#impliedDirectory();
        directory.set(name, made);
        directory = made.children as Map<string, Inode>;
      } else if (next.children !== undefined) {
        if (next.layer !== this.#layer) next.note = passedOverNote;
        directory = next.children;
      } else {
        const what = next.type === "symlink" ? "a symbolic link" : `a ${next.type}`;
        throw unsafe(path, `it reaches through ${what}`);
      }
    }
    return { children: directory };
  }

  #linked(entry: TarEntry): Inode {
    const target = entry.target ?? "";
    if (target === entry.path) throw unsafe(entry.path, "it is a hard link to itself");
    if (target.startsWith(`${entry.path}/`)) throw unsafe(entry.path, "it replaces its own target");
    let at: Inode | undefined = this.#root;
    for (const name of this.#namesOf(target)) {
      if (at?.type === "symlink") throw unsafe(entry.path, "it links through a symbolic link");
      at = at?.children?.get(name);
    }
    if (at === undefined) throw unsafe(entry.path, "it is a hard link to nothing", target);
    if (at.children !== undefined) throw unsafe(entry.path, "it is a hard link to a directory");
    // As engines do: a hard link's header sets the attributes of the object
    at.mode = at.type === "symlink" ? at.mode : entry.mode;
    at.uid = entry.uid;
    at.gid = entry.gid;
    if (entry.xattrs.size > 0) at.xattrs = new Map([...at.xattrs, ...entry.xattrs]);
    return at;
  }

  #namesOf(path: string): string[] {
    const names = path.split("/");
    if (names.includes("..")) throw unsafe(path, "it leaves the root");
    return names;
  }

  #inodeOf(type: NodeType, { entry, digest, note }: LayerMember, number: number): Inode {
    this.#inodes += 1;
    if (this.#inodes > treeLimits.objects) {
      throw new Fault("LIMIT_EXCEEDED", "the objects of an image", {
        values: { limit: treeLimits.objects },
      });
    }
    return {
      number: this.#inodes,
      type,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size: entry.size,
      digest,
      target: type === "symlink" ? entry.target : undefined,
      device: entry.device,
      xattrs: entry.xattrs,
      mtime: entry.mtime,
      layer: this.#layer,
      member: type === "file" ? number : undefined,
      note,
      children: type === "directory" ? new Map() : undefined,
    };
  }

  #impliedDirectory(): Inode {
    const attributes = { mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, xattrs: noXattrs };
    const entry: TarEntry = { path: "", type: "directory", ...attributes };
    return this.#inodeOf("directory", { entry }, 0);
  }

  #replaceAttributes(inode: Inode, entry: TarEntry): void {
    inode.mode = entry.mode;
    inode.uid = entry.uid;
    inode.gid = entry.gid;
    inode.mtime = entry.mtime;
    inode.xattrs = entry.xattrs;
    inode.layer = this.#layer;
    inode.note = undefined;
  }
}

/** Engines unpack into an overlay, which would take these for its own: it hides and moves objects by them. */
function refuseOverlayOwn({ path, type, device, xattrs }: TarEntry): void {
  if (type === "character" && device?.major === 0 && device.minor === 0) {
    throw unsafe(path, "it is the device 0:0, by which an overlay hides an object");
  }
  if (xattrs.size === 0) return;
  const own = [...xattrs.keys()].find((name) => /^(?:trusted|user)\.overlay\./u.test(name));
  if (own !== undefined)
    throw unsafe(path, `it has the attribute ${own}, by which an overlay works`);
}

function isMark(kind: string | undefined): boolean {
  return kind === "whiteout" || kind === "opaque";
}

/** A hard link is another name of something that is not a directory. */
function swapsType(a: TarEntry["type"], b: TarEntry["type"]): boolean {
  if (a === "hardlink" || b === "hardlink") return a === "directory" || b === "directory";
  return a !== b;
}

function unsafe(path: string, why: string, target?: string): Fault {
  const values = target === undefined ? { path } : { path, target };
  return new Fault("LAYER_UNSAFE", "an entry of a layer", { why, values });
}
