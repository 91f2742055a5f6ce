import type { Resolution, TreeNode } from "@lithify/oci";
import { decide } from "../access/decide.ts";
import { modeAndOwner } from "../access/describe.ts";
import { isWithin, joined } from "../policy/resolve.ts";
import { alwaysWritable } from "./changeable-place.ts";
import type { Hit, Rule, Scan } from "./rule.ts";

/** Route 14: a protected symbolic link whose target, or a directory on the way to it, can be changed or made. */
export const link: Rule = {
  code: "LI-LINK",
  title: "a symbolic link leads to something that can be changed",
  route: "link-target",
  fix: "Let the link lead to a protected object, or remove it.",
  *check(scan) {
    for (const number of scan.model.protectedLike(({ type }) => type === "symlink")) {
      const node = scan.model.node(number);
      if (node === undefined || scan.view.reachOf(number) === "no") continue;
      const hit = linkHit(scan, node, scan.model.tree.resolve(node.path));
      if (hit !== undefined) yield hit;
    }
  },
};

function linkHit(scan: Scan, node: TreeNode, found: Resolution): Hit | undefined {
  const step = `\`${node.path}\` is a symbolic link to \`${node.target ?? ""}\``;
  const { model, identity } = scan;
  if (found.answer === "missing") {
    const nearest = model.numberOf(found.nearest.path) ?? 0;
    const mounted = mountedTarget(found.nearest.path, found.rest);
    const declared = mounted || model.protectionOf(found.nearest.path) === "writable";
    if (!declared && scan.view.addable(nearest) !== "yes") return undefined;
    const why = declared
      ? [
          step,
          `its target would lie in \`${joined(found.nearest.path, found.rest)}\`, which ${mounted ? "every engine makes" : "the policy declares"} writable, so you can create it`,
        ]
      : decide(model, identity, "link-target", node.path).why;
    return { path: node.path, cause: `missing ${found.nearest.path}`, witness: () => why };
  }
  if (found.answer !== "reached" || isAlias(scan, node, found.node)) return undefined;
  const way = [...found.via, found.node].find((passed) => isChangeable(scan, passed));
  if (way === undefined || way.path === node.path) return undefined;
  return {
    path: node.path,
    cause: `target ${way.path}`,
    witness: () => [step, changeableText(scan, way)],
  };
}

/** Engines mount `/dev/shm` whether the image has the directory or not. */
function mountedTarget(nearest: string, rest: string): boolean {
  const target = joined(nearest, rest);
  return alwaysWritable.some((top) => isWithin(target, top) && target !== top);
}

/** Only what lies in a declared writable path: what is protected and changeable has findings of its own. */
function isChangeable(scan: Scan, node: TreeNode): boolean {
  return scan.model.protectionOf(node.path) === "writable";
}

/** Outside the strict trees a link to a writable directory itself is a second name of it: `/var/run` of `/run`. */
function isAlias(scan: Scan, node: TreeNode, target: TreeNode): boolean {
  return (
    scan.model.protectionOf(node.path) !== "strict" &&
    scan.model.policy.writable.includes(target.path)
  );
}

function changeableText(scan: Scan, node: TreeNode): string {
  return `it leads to \`${node.path}\`, ${modeAndOwner(scan.model, node)}, which lies in a path that the policy declares writable`;
}
