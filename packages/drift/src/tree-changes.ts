import { diffTrees, type Tree } from "@lithify/oci";
import type { Change, ChangeClass } from "./change.ts";

/**
 * Objects that engines write into the root file system of every container: files they generate
 * (Docker and Podman bind or write these) and mount points that the runtime makes.
 */
const injected = [
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/mtab",
  "/etc/resolv.conf",
  "/proc",
  "/run/.containerenv",
  "/sys",
];

/** What differs between the sealed tree and the live one. `writable` are the policy's writable paths, links resolved. */
export function treeChanges(
  sealed: Tree,
  live: Tree,
  writable: readonly string[],
): readonly Change[] {
  return diffTrees(sealed, live)
    .filter((row) => row.kind !== "device" || row.was !== row.is)
    .map((row) => ({
      kind: row.kind === "device" ? ("type" as const) : row.kind,
      class: classOf(row.path, writable),
      path: row.path,
      ...(row.was === undefined ? {} : { was: row.was }),
      ...(row.is === undefined ? {} : { is: row.is }),
    }));
}

function classOf(path: string, writable: readonly string[]): ChangeClass {
  if (writable.some((tree) => isWithin(path, tree))) return "declared";
  if (injected.some((name) => isWithin(path, name))) return "injected";
  return "violation";
}

/** True when `path` is `tree` or lies below it. */
export function isWithin(path: string, tree: string): boolean {
  return tree === "/" || path === tree || path.startsWith(`${tree}/`);
}
