import type { Kind } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { doubtGives } from "./doubt.ts";
import type { NumberedTree } from "./numbered-tree.ts";
import { execute, ownsLike, permissionOf, write } from "./permission.ts";

/** How an object can be reached: by its absolute path, only from WORKDIR, not at all, or the image does not tell. */
export type Reach = "path" | "workdir" | "no" | "unknown";

/** An answer that an image may not tell. */
export type Answer = "yes" | "no" | "unknown";

const reaches: readonly Reach[] = ["no", "path", "workdir", "unknown"];
const [no, fromRoot, fromWorkdir, perhaps] = [0, 1, 2, 3];

/** What one identity can reach and write in one image. One pass from the top, so that no path walks its ancestors again. */
export class IdentityView {
  readonly identity: Identity;
  readonly #objects: NumberedTree;
  /** By number of a directory: how its name can be looked up. */
  readonly #reach: Uint8Array;
  /** By wanted permissions, then by kind of object, as far as they were asked for. */
  readonly #permissions = new Map<number, (Answer | undefined)[]>();

  constructor(objects: NumberedTree, identity: Identity) {
    this.#objects = objects;
    this.identity = identity;
    this.#reach = reachOf(objects, (number) => this.#searchable(number));
  }

  /** False when for every object it can be told whether it is reached. */
  get isReachUnsure(): boolean {
    return this.#objects.directories.some(
      (number) =>
        this.#reach[number] !== no &&
        below(this.#reach[number] ?? no, this.#searchable(number)) === perhaps,
    );
  }

  /** Directories, protected or not, to which entries can surely be added. */
  addableDirectories(): readonly number[] {
    return this.#objects.directories.filter((number) => this.addable(number) === "yes");
  }

  /** S: how this very name is looked up. */
  reachOf(number: number): Reach {
    return reaches[this.#reachCode(number)] ?? "no";
  }

  /** What is no directory is reached as far as its directory is, and can be searched. */
  #reachCode(number: number): number {
    const type = this.#objects.kind(number)?.type;
    if (type === undefined) return no;
    if (type === "directory") return this.#reach[number] ?? no;
    const parent = this.#objects.parents[number] ?? 0;
    return below(this.#reach[parent] ?? no, this.#searchable(parent));
  }

  /** The number of the name by which the object is reached best: hard links have several. */
  bestName(number: number): number {
    if (this.#objects.kind(number)?.type === "directory") return number;
    if (this.#reachCode(number) === fromRoot) return number;
    const node = this.#objects.node(number);
    if (node === undefined) return number;
    const names = this.#objects.tree
      .linksOf(node)
      .flatMap((path) => this.#objects.numberOf(path) ?? []);
    const best = [fromRoot, fromWorkdir, perhaps]
      .map((code) => names.find((name) => this.#reachCode(name) === code))
      .find((name) => name !== undefined);
    return best ?? number;
  }

  /** W ∧ S: may the content be written by this name. */
  writable(number: number): Answer {
    if (this.#objects.kind(number) === undefined) return "no";
    const permission = this.#permission(number, write);
    return permission === "no" ? "no" : both(permission, this.reachOf(number));
  }

  /** DW: may entries be added. */
  addable(number: number): Answer {
    if (this.#objects.kind(number)?.type !== "directory") return "no";
    const permission = this.#permission(number, write | execute);
    return permission === "no" ? "no" : both(permission, this.reachOf(number));
  }

  /** DW of the directory that holds it, and the sticky rule (may_delete() of the kernel). */
  replaceable(number: number): Answer {
    const kind = this.#objects.kind(number);
    const parent = this.#objects.parents[number] ?? 0;
    if (kind === undefined || number === 0) return "no";
    const directory = this.#objects.kind(parent);
    if (directory === undefined || this.#stuck(kind, directory)) return "no";
    return this.addable(parent);
  }

  /** OWN ∧ S: may mode and times be set by this name. */
  owned(number: number): Answer {
    const kind = this.#objects.kind(number);
    if (kind === undefined || !ownsLike(kind, this.identity)) return "no";
    return both("yes", this.reachOf(number));
  }

  /** What `permissionOf` says: it looks at nothing that differs between objects of one kind. */
  #permission(number: number, want: number): Answer {
    const kind = this.#objects.kindOf[number] as number;
    let known = this.#permissions.get(want);
    if (known === undefined) {
      known = [];
      this.#permissions.set(want, known);
    }
    const answer =
      known[kind] ?? permissionOf(this.#objects.kind(number) as Kind, this.identity, want).answer;
    known[kind] = answer;
    return answer === "no" && this.#mayDiffer(number, want) ? "unknown" : answer;
  }

  #mayDiffer(number: number, want: number): boolean {
    const doubt = this.#objects.doubts.get(number);
    const node = this.#objects.kind(number);
    return (
      doubt !== undefined && node !== undefined && doubtGives(doubt, node, this.identity, want)
    );
  }

  #searchable(number: number): Answer {
    return this.#objects.kind(number)?.type === "directory"
      ? this.#permission(number, execute)
      : "no";
  }

  #stuck(kind: Kind, directory: Kind): boolean {
    return (
      (directory.mode & 0o1000) !== 0 &&
      !ownsLike(kind, this.identity) &&
      !ownsLike(directory, this.identity)
    );
  }
}

function both(permission: Answer, reach: Reach): Answer {
  if (reach === "no") return "no";
  return permission === "unknown" || reach === "unknown" ? "unknown" : permission;
}

/** Reach of what is in a directory, by that of the directory and whether it can be searched. */
function below(above: number, search: Answer): number {
  if (above === no || search === "no") return no;
  return search === "unknown" ? perhaps : above;
}

/**
 * Reach of every directory: its directory is reached and can be searched. From the root first; then
 * from WORKDIR, where the runtime has put the process as root: into it, and by `..` above it.
 */
function reachOf(objects: NumberedTree, search: (number: number) => Answer): Uint8Array {
  const reach = new Uint8Array(objects.kindOf.length);
  reach[0] = fromRoot;
  spread(objects, reach, search);
  const start = objects.startDirectory && objects.numberOf(objects.startDirectory.path);
  if (start === undefined || reach[start] === fromRoot) return reach;
  let number = start;
  reach[start] = fromWorkdir;
  while (number !== 0 && search(number) !== "no") {
    const sure = search(number) === "yes" && reach[number] !== perhaps;
    number = objects.parents[number] ?? 0;
    if (reach[number] !== fromRoot) reach[number] = sure ? fromWorkdir : perhaps;
  }
  spread(objects, reach, search);
  return reach;
}

function spread(
  objects: NumberedTree,
  reach: Uint8Array,
  search: (number: number) => Answer,
): void {
  for (const number of objects.directories) {
    const parent = objects.parents[number] ?? 0;
    const above = reach[parent] ?? no;
    const here = reach[number] ?? no;
    if (number === 0 || above === no || here === fromRoot || here === fromWorkdir) continue;
    const found = below(above, search(parent));
    if (found !== no) reach[number] = found;
  }
}
