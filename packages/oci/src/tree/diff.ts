import { compareNames } from "../tar/name-bytes.ts";
import type { Tree, TreeNode } from "./tree.ts";

/** One difference between two trees. `was` and `is` are texts for people. */
export interface TreeDifference {
  readonly path: string;
  readonly kind:
    | "added"
    | "removed"
    | "type"
    | "content"
    | "mode"
    | "owner"
    | "target"
    | "xattr"
    | "links"
    | "device";
  readonly was?: string;
  readonly is?: string;
}

/**
 * What must be done to `a` to get `b`, in the order of paths. Times are not compared; content is compared by digest
 * where both trees have it, by size elsewhere. `links`: the same path has other hard links.
 */
export function diffTrees(a: Tree, b: Tree): readonly TreeDifference[] {
  const paths = [...a].map(({ path }) => path);
  for (const { path } of b) if (a.at(path) === undefined) paths.push(path);
  const rows: TreeDifference[] = [];
  const comparison = new LinkComparison();
  for (const path of paths.sort(compareNames)) {
    const was = a.at(path);
    const is = b.at(path);
    if (was === undefined) rows.push({ path, kind: "added", is: described(is as TreeNode) });
    else if (is === undefined) rows.push({ path, kind: "removed", was: described(was) });
    else {
      rows.push(...differencesOf(was, is));
      rows.push(...linkDifference(a.linksOf(was), b.linksOf(is), was, is, comparison));
    }
  }
  return rows;
}

function differencesOf(was: TreeNode, is: TreeNode): TreeDifference[] {
  const { path } = was;
  if (was.type !== is.type) return [{ path, kind: "type", was: was.type, is: is.type }];
  const rows: TreeDifference[] = [];
  const compare = (kind: TreeDifference["kind"], before: string, after: string) => {
    if (before !== after) rows.push({ path, kind, was: before, is: after });
  };
  if (was.type === "file") {
    const isHashed = was.digest !== undefined && is.digest !== undefined;
    compare("content", contentOf(was, isHashed), contentOf(is, isHashed));
  }
  // Linux ignores the mode of a symbolic link
  if (was.type !== "symlink") compare("mode", octal(was.mode), octal(is.mode));
  compare("owner", `${was.uid}:${was.gid}`, `${is.uid}:${is.gid}`);
  compare("target", was.target ?? "", is.target ?? "");
  compare("device", deviceOf(was), deviceOf(is));
  for (const name of new Set([...was.xattrs.keys(), ...is.xattrs.keys()].sort())) {
    const before = xattrText(was, name);
    const after = xattrText(is, name);
    if (before === after) continue;
    rows.push({
      path,
      kind: "xattr",
      ...(before === undefined ? {} : { was: before }),
      ...(after === undefined ? {} : { is: after }),
    });
  }
  return rows;
}

/** Every path of an object has the same list of links, so that each pair of lists is compared once. */
class LinkComparison {
  readonly #known = new WeakMap<readonly string[], WeakMap<readonly string[], boolean>>();

  isSame(a: readonly string[], b: readonly string[]): boolean {
    const known = this.#known.get(a)?.get(b);
    if (known !== undefined) return known;
    const same = a.length === b.length && a.every((path, index) => path === b[index]);
    const row = this.#known.get(a) ?? new WeakMap<readonly string[], boolean>();
    this.#known.set(a, row.set(b, same));
    return same;
  }
}

function linkDifference(
  before: readonly string[],
  after: readonly string[],
  was: TreeNode,
  is: TreeNode,
  comparison: LinkComparison,
): TreeDifference[] {
  if (was.type === "directory" || was.type !== is.type) return [];
  if (comparison.isSame(before, after)) return [];
  return [{ path: was.path, kind: "links", was: linksText(before), is: linksText(after) }];
}

const linksShown = 8;

function linksText(paths: readonly string[]): string {
  if (paths.length <= linksShown) return paths.join(" ");
  return `${paths.slice(0, linksShown).join(" ")} and ${paths.length - linksShown} more`;
}

function described(node: TreeNode): string {
  return `${node.type} ${octal(node.mode)} ${node.uid}:${node.gid}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function contentOf(node: TreeNode, isHashed: boolean): string {
  return isHashed ? (node.digest as string) : `${node.size} bytes`;
}

function deviceOf({ device }: TreeNode): string {
  return device === undefined ? "" : `${device.major}:${device.minor}`;
}

function xattrText(node: TreeNode, name: string): string | undefined {
  const value = node.xattrs.get(name);
  return value === undefined ? undefined : `${name}=0x${Buffer.from(value).toString("hex")}`;
}
