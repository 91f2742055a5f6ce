import type { Digest, Layer, Tree, TreeNode } from "@lithify/oci";
import { memberBytes } from "./member-bytes.ts";
import type { Wanted } from "./wanted.ts";

/** What happens to one layer; a row of the document of `lithify seal`. */
export interface PlannedLayer {
  readonly layer: Digest;
  /** From 0, lowest first. */
  readonly index: number;
  readonly action: "reuse" | "directories" | "files" | "rewrite";
  /** Objects of this layer that change. */
  readonly objects: number;
  /** Bytes of tar that the added layer holds for them. */
  readonly bytesAdded: number;
  /** Bytes of the layer as stored, when it is written anew; its size stays. */
  readonly bytesRewritten: number;
  readonly why: string;
}

/** Added files of one layer: at most this, and at most an eighth of the layer as stored. */
export const addedFilesLimit = 1024 * 1024;

/** What was decided for one layer, with the objects that decided it. */
export interface LayerChoice {
  readonly layer: Layer;
  readonly index: number;
  readonly action: PlannedLayer["action"];
  readonly changed: readonly TreeNode[];
  readonly why: string;
}

/** What is cheapest for a layer: nothing, bare directory headers on top, small files on top, or patching its headers. */
export function choiceFor(
  layer: Layer,
  index: number,
  tree: Tree,
  changes: ReadonlyMap<string, Wanted>,
): LayerChoice {
  const changed = [...changes.keys()].flatMap((path) => {
    const node = tree.at(path);
    return node !== undefined && node.layer === index ? [node] : [];
  });
  return { layer, index, changed, ...actionFor(layer, tree, changed) };
}

function actionFor(
  layer: Layer,
  tree: Tree,
  changed: readonly TreeNode[],
): Pick<LayerChoice, "action" | "why"> {
  if (changed.length === 0) return { action: "reuse", why: "every object conforms" };
  const others = changed.filter((node) => node.type !== "directory");
  if (others.length === 0) {
    return {
      action: "directories",
      why: `only ${counted(changed.length, "directory", "directories")} differ: bare headers on top replace the attributes, the children stay`,
    };
  }
  const bytes = sum(changed.map(memberBytes));
  const movable = others.every((node) => node.type === "file" && tree.linksOf(node).length === 1);
  const limit = Math.min(addedFilesLimit, Math.floor(layer.descriptor.size / 8));
  if (movable && bytes <= limit) {
    return {
      action: "files",
      why: `${counted(others.length, "small file", "small files")} differ: added again on top, ${bytes} bytes, instead of writing ${layer.descriptor.size} anew`,
    };
  }
  return {
    action: "rewrite",
    why: `${counted(changed.length, "object differs", "objects differ")}: modes and owners are patched in the tar headers, content and size stay`,
  };
}

/** The row of the plan for a choice. */
export function rowOf(choice: LayerChoice): PlannedLayer {
  const { layer, index, action, changed, why } = choice;
  const adds = action === "directories" || action === "files";
  return {
    layer: layer.digest,
    index,
    action,
    objects: changed.length,
    bytesAdded: adds ? sum(changed.map(memberBytes)) : 0,
    bytesRewritten: action === "rewrite" ? layer.descriptor.size : 0,
    why,
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
