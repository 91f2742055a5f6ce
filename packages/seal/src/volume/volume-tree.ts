import {
  encodeName,
  type Image,
  type Store,
  type Tree,
  type TreeNode,
  treeFromNodes,
} from "@lithify/oci";
import { accountsIn, inspectImage } from "../contents/inspect-image.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin } from "../policy/resolve.ts";
import { planSeal } from "../sealing/plan.ts";
import { withWanted } from "../sealing/wanted.ts";
import { unsupportedVolume } from "./volume-fault.ts";
import type { VolumeSeal } from "./volume-seal.ts";

/** Trees of an image as sealing leaves them, each at its own path below directories of root. */
export interface VolumeTree extends Pick<VolumeSeal, "trees" | "policy" | "identities"> {
  readonly tree: Tree;
  /** The whole tree of the image: where contents are found. */
  readonly source: Tree;
}

/**
 * What a volume of this image holds: the trees of its policy, or those at `paths`. What the policy makes writable is
 * left out, but for the directory itself. A sealed image and the image that it was made from give the same.
 * Throws Fault VOLUME_UNSUPPORTED, SEAL_CONFLICT, IDENTITY_UNKNOWN, and what reading the image throws.
 */
export async function volumeTreeOf(
  store: Store,
  image: Image,
  policy: Policy,
  paths: readonly string[] = [],
): Promise<VolumeTree> {
  const inspected = await inspectImage(image, { store });
  const source = inspected.tree;
  const accounts = await accountsIn(image, inspected);
  const plan = await planSeal(image, policy, source, { accounts });
  const wanted =
    paths.length === 0
      ? plan.policy.trees.map(({ path }) => path)
      : paths.map((path) => directoryAt(path, source));
  if (wanted.length === 0) {
    throw unsupportedVolume("the policy has no trees with exact modes, so that none is known");
  }
  const trees = outermost(wanted);
  const isLeftOut = ({ path }: TreeNode) =>
    plan.policy.writable.some((top) => path !== top && isWithin(path, top));
  const refused = trees.find((path) => plan.policy.writable.some((top) => isWithin(path, top)));
  if (refused !== undefined) {
    throw unsupportedVolume("the policy makes the tree writable", { path: refused });
  }
  // A writable directory that sealing makes must be there: nothing can be mounted on what a volume lacks
  const made = plan.added.map(({ node }) => node).filter(({ path }) => !source.at(path));
  const nodes = [...source, ...made]
    .filter((node) => trees.some((top) => isWithin(node.path, top)) && !isLeftOut(node))
    .map((node) => withWanted(node, plan.changes.get(node.path)));
  for (const node of nodes) refuseLongNames(node);
  return {
    tree: treeFromNodes(nodes.map((node) => ({ ...node, mtime: Math.floor(node.mtime) }))),
    ...{ source, trees, policy: plan.policy, identities: plan.identities },
  };
}

function directoryAt(path: string, tree: Tree): string {
  const found = tree.resolve(path);
  if (found.answer === "reached" && found.node.type === "directory") return found.node.path;
  throw unsupportedVolume("there is no such directory in the image", { path });
}

function outermost(paths: readonly string[]): readonly string[] {
  const sorted = [...new Set(paths)].sort((a, b) => (a < b ? -1 : 1));
  return sorted.filter((path) => !sorted.some((top) => top !== path && isWithin(path, top)));
}

function refuseLongNames({ path, target }: TreeNode): void {
  const isTooLong =
    path.split("/").some((name) => encodeName(name).length > 255) ||
    encodeName(path).length > 4096 ||
    encodeName(target ?? "").length > 4095;
  if (isTooLong) throw unsupportedVolume("a name is longer than Linux takes", { path });
}
