import type { AccessModel } from "../access/model.ts";
import { isWithin, joined } from "../policy/resolve.ts";
import type { LaunchMount } from "./launch.ts";

/** What a mount does to what is protected. */
export type MountEffect =
  /** It lies in a path that the policy declares writable, or where engines mount their own. */
  | { readonly answer: "expected" }
  /** Read-only, where the image has nothing: it adds, and hides nothing. */
  | { readonly answer: "beside"; readonly path: string }
  /** Writable, where the image has nothing: a place to write that the policy does not know. */
  | { readonly answer: "opens"; readonly path: string }
  /** Protected objects are hidden or replaced; `objects` counts them, the mount point too where it is one. */
  | { readonly answer: "covers"; readonly path: string; readonly objects: number };

/** Where the mount really lies, links of the image followed as runtimes do, and what it does there. */
export function mountEffect(model: AccessModel, mount: LaunchMount): MountEffect {
  const path = realPlace(model, mount.target);
  const isEngines = ["/proc", "/sys", "/dev"].some((top) => isWithin(path, top));
  if (isEngines || model.policy.writable.some((top) => isWithin(path, top))) {
    return { answer: "expected" };
  }
  const point = model.tree.at(path);
  const hidden = [...model.tree].filter(
    (node) =>
      node.path !== path &&
      isWithin(node.path, path) &&
      model.protectionOf(node.path) !== "writable",
  ).length;
  const isObject = point !== undefined && point.type !== "directory";
  if (hidden > 0 || isObject)
    return { answer: "covers", path, objects: hidden + (isObject ? 1 : 0) };
  if (model.policy.trees.some((tree) => isWithin(path, tree.path))) {
    return { answer: "covers", path, objects: point === undefined ? 0 : 1 };
  }
  return { answer: mount.writable ? "opens" : "beside", path };
}

function realPlace(model: AccessModel, target: string): string {
  const found = model.tree.resolve(target);
  if (found.answer === "reached") return found.node.path;
  if (found.answer === "missing") return joined(found.nearest.path, found.rest);
  return target;
}
