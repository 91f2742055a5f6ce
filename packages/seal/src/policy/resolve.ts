import type { Tree } from "@lithify/oci";
import type { Policy } from "./policy.ts";
import { gatewayAliases } from "./profiles.ts";

/** A policy whose paths are those of the objects themselves, links followed. */
export interface ResolvedPolicy {
  readonly policy: Policy;
  /** Protected trees that the image does not have, or that are no directory, as the policy names them. */
  readonly missing: readonly string[];
}

/**
 * The policy with every path followed through the image's links, so that `/drouter/config` and
 * `/opt/ibm/datapower/drouter/config` name one tree. Sorted and without duplicates: equal policies
 * give equal statements. In the profile datapower a path that is not there is looked for in the
 * other gateway layout. A writable path that does not exist yet keeps its missing part.
 */
export function resolvePolicy(policy: Policy, tree: Tree): ResolvedPolicy {
  const missing: string[] = [];
  const trees = new Map<string, Policy["trees"][number]>();
  for (const wanted of policy.trees) {
    const path = existing(wanted.path, policy, tree);
    if (path === undefined) missing.push(wanted.path);
    else trees.set(path, { ...wanted, path });
  }
  const writable = policy.writable.map(
    (path) => existing(path, policy, tree) ?? placeOf(path, policy, tree),
  );
  const waive = policy.waive?.map((waiver) =>
    waiver.path === undefined ? waiver : { ...waiver, path: linkFreePath(waiver.path, tree) },
  );
  return {
    policy: {
      ...policy,
      trees: [...trees.values()].sort((a, b) => compareText(a.path, b.path)),
      writable: [...new Set(writable)].sort(compareText),
      ...(waive === undefined ? {} : { waive }),
    },
    missing,
  };
}

/** True when `path` is `top` or lies below it. */
export function isWithin(path: string, top: string): boolean {
  return top === "/" || path === top || path.startsWith(`${top}/`);
}

/** The directory that holds `path`; `/` for `/`. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** `path` with every link in its directories followed; the last component stays as it is. */
export function linkFreePath(path: string, tree: Tree): string {
  if (path === "/" || tree.at(path) !== undefined) return path;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const parent = tree.resolve(parentOf(path));
  return parent.answer === "reached" ? joined(parent.node.path, name) : path;
}

/** `directory` and a name or relative path below it. */
export function joined(directory: string, rest: string): string {
  const clean = rest.replace(/^\/+|\/+$/gu, "");
  if (clean === "") return directory;
  return directory === "/" ? `/${clean}` : `${directory}/${clean}`;
}

function existing(path: string, policy: Policy, tree: Tree): string | undefined {
  for (const candidate of candidates(path, policy)) {
    const found = tree.resolve(candidate);
    if (found.answer === "reached" && found.node.type === "directory") return found.node.path;
  }
  return undefined;
}

/** Where a path would be made: of several layouts the one of which the most exists. */
function placeOf(path: string, policy: Policy, tree: Tree): string {
  let best: { readonly path: string; readonly rest: number } | undefined;
  for (const candidate of candidates(path, policy)) {
    const found = tree.resolve(candidate);
    if (found.answer === "reached") return found.node.path;
    if (found.answer !== "missing") continue;
    const rest = found.rest.split("/").filter((part) => part !== "").length;
    if (best === undefined || rest < best.rest) {
      best = { path: joined(found.nearest.path, found.rest), rest };
    }
  }
  return best?.path ?? path;
}

function candidates(path: string, policy: Policy): readonly string[] {
  return policy.profile === "datapower" ? gatewayAliases(path) : [path];
}

/** Order of UTF-16 code units: the same on every machine, unlike localeCompare. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
