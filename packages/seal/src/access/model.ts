import { type ImageConfig, type Kind, parseGroup, parsePasswd, type Tree } from "@lithify/oci";
import type { Contents } from "../contents/inspect-image.ts";
import type { Identity } from "../identity/identity.ts";
import type { Accounts } from "../identity/image-user.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin, resolvePolicy } from "../policy/resolve.ts";
import { type Closure, closureOf } from "../start/closure.ts";
import { IdentityView } from "./identity-view.ts";
import { type NumberedTree, numberedTree } from "./numbered-tree.ts";
import { writableMarks } from "./writable-marks.ts";

/** How far the policy protects an object: with exact modes, without them, or not at all. */
export type Protection = "strict" | "protected" | "writable";

/** Everything that decisions about one image need. Pure data, computed once. */
export interface AccessModel extends NumberedTree {
  readonly config: ImageConfig;
  /** Paths resolved through the image's links. */
  readonly policy: Policy;
  /** Protected trees that are not in the image. */
  readonly missing: readonly string[];
  readonly accounts: Accounts;
  /** What programs say of themselves; absent when contents were not looked at. */
  readonly contents: Contents | undefined;
  /** What decides what runs when the image starts; computed once. */
  closure(): Closure;
  protectionOf(path: string): Protection;
  /** Numbers of all objects that the policy does not declare writable, in tree order; computed once. */
  protectedNumbers(): readonly number[];
  /** How many they are. */
  protectedCount(): number;
  /** Those of every kind that fits; `fits` is asked once for each kind. */
  protectedLike(fits: (kind: Kind) => boolean): readonly number[];
  /** Those that lie in one of these directories, by its number; in tree order. */
  protectedIn(directories: readonly number[]): readonly number[];
  /** Numbers of the objects that the policy declares writable. */
  writableNumbers(): readonly number[];
  /** The strict tree that holds the path, or its top-level directory: what findings are grouped by. */
  regionOf(path: string): string;
  /** What one identity can reach and write; computed once per identity. */
  viewOf(identity: Identity): IdentityView;
  /** `root` for 0 where passwd knows it, else the number. */
  userName(uid: number): string;
  groupName(gid: number): string;
}

/**
 * The model of one image under one policy. `accounts` gives ids their names; without it numbers are shown.
 * Without `contents` (see inspectImage) only the configuration tells what is started.
 */
export function modelOf(parts: {
  readonly tree: Tree;
  readonly config: ImageConfig;
  readonly policy: Policy;
  readonly accounts?: Accounts;
  readonly contents?: Contents | undefined;
  /** Commands that are started besides those of the configuration, with what to call them. */
  readonly more?: readonly (readonly [string, readonly string[]])[];
}): AccessModel {
  const { policy, missing } = resolvePolicy(parts.policy, parts.tree);
  const accounts = parts.accounts ?? { passwd: "", group: "" };
  const numbered = numberedTree(parts.tree, parts.config.config?.WorkingDir || "/", parts.contents);
  const users = namesOf(parsePasswd(accounts.passwd).entries.map((user) => [user.uid, user.name]));
  const groups = namesOf(
    parseGroup(accounts.group).entries.map((group) => [group.gid, group.name]),
  );
  const views = new Map<string, IdentityView>();
  const isWritable = writableMarks(parts.tree, policy);
  let protectedNumbers: readonly number[] | undefined;
  let writableNumbers: readonly number[] | undefined;
  let closure: Closure | undefined;
  const model: AccessModel = {
    ...numbered,
    config: parts.config,
    policy,
    missing,
    accounts,
    contents: parts.contents,
    closure: () => {
      closure ??= closureOf({ ...parts, workingDirectory: numbered.workingDirectory });
      return closure;
    },
    protectionOf: (path) => protectionIn(policy, path),
    protectedNumbers: () => {
      protectedNumbers ??= markedBy(isWritable, 0);
      return protectedNumbers;
    },
    protectedCount: () => numbered.tree.size - model.writableNumbers().length,
    protectedLike: (fits) => numbered.like(fits).filter((number) => isWritable[number] === 0),
    protectedIn: (directories) => protectedIn(numbered, directories, isWritable),
    writableNumbers: () => {
      writableNumbers ??= markedBy(isWritable, 1);
      return writableNumbers;
    },
    regionOf: (path) =>
      policy.trees.find((tree) => isWithin(path, tree.path))?.path ?? topDirectoryOf(path),
    viewOf: (identity) => {
      const key = JSON.stringify([
        identity.uid,
        identity.gid,
        identity.groups,
        identity.capabilities,
      ]);
      const known = views.get(key);
      if (known !== undefined) return known;
      const view = new IdentityView(numbered, identity);
      views.set(key, view);
      return view;
    },
    userName: (uid) => users.get(uid) ?? (uid === 0 ? "root" : String(uid)),
    groupName: (gid) => groups.get(gid) ?? (gid === 0 ? "root" : String(gid)),
  };
  return model;
}

function markedBy(marks: Uint8Array, mark: 0 | 1): readonly number[] {
  const numbers: number[] = [];
  for (let at = marks.indexOf(mark); at !== -1; at = marks.indexOf(mark, at + 1)) numbers.push(at);
  return numbers;
}

function protectedIn(
  { parents }: NumberedTree,
  directories: readonly number[],
  isWritable: Uint8Array,
): readonly number[] {
  const isWanted = new Uint8Array(isWritable.length);
  for (const number of directories) isWanted[number] = 1;
  const numbers: number[] = [];
  for (let number = 1; number < isWritable.length; number++) {
    if (isWanted[parents[number] as number] === 1 && isWritable[number] === 0) numbers.push(number);
  }
  return numbers;
}

/** The protection of a path under a resolved policy. A writable directory itself counts as writable. */
export function protectionIn(policy: Policy, path: string): Protection {
  if (policy.writable.some((top) => isWithin(path, top))) return "writable";
  return policy.trees.some((tree) => isWithin(path, tree.path)) ? "strict" : "protected";
}

function namesOf(pairs: readonly (readonly [number, string])[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [id, name] of pairs) if (!names.has(id)) names.set(id, name);
  return names;
}

function topDirectoryOf(path: string): string {
  const end = path.indexOf("/", 1);
  return end === -1 ? path : path.slice(0, end);
}
