import { readdir } from "node:fs/promises";
import { type Tree, type TreeNode, treeFromNodes, treeFromTar } from "@lithify/oci";
import type { Programs } from "../host/program.ts";
import { archiveOf } from "../host/tar-program.ts";

/**
 * The tree of a live root: GNU tar reads it from the host's side, where the mounts of the container do not exist.
 * What exists only because something is mounted on it is left out.
 */
export async function snapshotOf(
  rootfs: string,
  record: { readonly programs: Pick<Programs, "tar">; readonly mountPoints: readonly string[] },
): Promise<Tree> {
  const tree = await treeFromTar(archiveOf(record.programs.tar, rootfs));
  return record.mountPoints.length === 0 ? tree : withoutMountPoints(tree, record.mountPoints);
}

/** What an upper directory holds, whiteouts included: every path that was changed, and maybe changed back. */
export async function touchedBelow(upper: string): Promise<readonly string[]> {
  const names = await readdir(upper, { recursive: true }).catch(() => []);
  return names.map((name) => `/${name}`).toSorted();
}

/** Leaves out what is only there to be mounted on; a directory stays while something in it does. */
export function withoutMountPoints(tree: Tree, points: readonly string[]): Tree {
  const hidden = new Set(points);
  const nodes: readonly TreeNode[] = [...tree];
  const kept = new Set<string>();
  for (const node of nodes.toReversed()) {
    if (hidden.has(node.path) && !kept.has(node.path)) continue;
    for (let path = node.path; path !== "/" && !kept.has(path); path = parentOf(path))
      kept.add(path);
  }
  return treeFromNodes(nodes.filter((node) => node.path === "/" || kept.has(node.path)));
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
