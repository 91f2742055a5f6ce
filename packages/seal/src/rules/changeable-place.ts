import type { TreeNode } from "@lithify/oci";
import { decide } from "../access/decide.ts";
import { parentOf } from "../policy/resolve.ts";
import type { Hit, Scan } from "./rule.ts";

/** Writable file systems that every engine mounts, also under a read-only root. */
export const alwaysWritable: readonly string[] = ["/dev/shm", "/dev/mqueue"];

/**
 * Whether the identity decides what is at a path: the object there can be written, added to or replaced, a
 * directory or link on the way can be swapped, or nothing is there and it can be made. One hit at most.
 */
export function* changeablePlace(
  scan: Scan,
  path: string,
  start: readonly string[],
): Iterable<Hit> {
  const { model, view, identity } = scan;
  const found = model.tree.resolve(path);
  const passed = found.answer === "reached" ? [...found.via, found.node] : found.via;
  const mounted = alwaysWritable.find((top) => path === top || path.startsWith(`${top}/`));
  const declared = mounted ?? passed.find((node) => isDeclared(scan, node))?.path;
  if (declared !== undefined) {
    const who = mounted === undefined ? "the policy declares" : "every engine makes";
    yield {
      path,
      cause: declared,
      witness: () => [...start, `it lies in \`${declared}\`, which ${who} writable`],
    };
    return;
  }
  if (found.answer === "missing") {
    const nearest = model.numberOf(found.nearest.path) ?? 0;
    const operation = view.addable(nearest) === "yes" ? "create" : "chmod";
    if (operation === "create" || view.owned(nearest) === "yes") {
      yield {
        path: found.nearest.path,
        cause: found.nearest.path,
        witness: () => [
          ...start,
          `\`${path}\` does not exist, and can be made`,
          ...decide(model, identity, operation, found.nearest.path).why,
        ],
      };
      return;
    }
  }
  if (found.answer === "reached") {
    const open = openHit(scan, found.node, start);
    if (open !== undefined) {
      yield open;
      return;
    }
  }
  const swapped = passed.findLast(
    (node) => view.replaceable(model.numberOf(node.path) ?? 0) === "yes",
  );
  if (swapped === undefined) return;
  yield {
    path: swapped.path,
    cause: parentOf(swapped.path),
    witness: () => [...start, ...decide(model, identity, "rename", swapped.path).why],
  };
}

function openHit(scan: Scan, node: TreeNode, start: readonly string[]): Hit | undefined {
  const { model, view, identity } = scan;
  const number = model.numberOf(node.path) ?? 0;
  const isDirectory = node.type === "directory";
  const open = isDirectory ? view.addable(number) : view.writable(view.bestName(number));
  const owned = view.owned(view.bestName(number));
  if (open !== "yes" && owned !== "yes") return undefined;
  const write = isDirectory ? "create" : node.type === "file" ? "open-write" : "access-write";
  const operation = open === "yes" ? write : "chmod";
  const name = model.node(view.bestName(number))?.path ?? node.path;
  return {
    path: node.path,
    cause: node.path,
    witness: () => [...start, ...decide(model, identity, operation, name).why],
  };
}

function isDeclared(scan: Scan, node: TreeNode): boolean {
  return scan.model.protectionOf(node.path) === "writable";
}
