import type { Tree, TreeNode } from "@lithify/oci";
import { type Kinds, kindsOf } from "./kinds.ts";

/** A tree whose objects have numbers, so that what is known about them fits into arrays. */
export interface NumberedTree extends Kinds {
  readonly tree: Tree;
  /** The objects in tree order, parents first; an object's number is its index here. */
  readonly nodes: readonly TreeNode[];
  /** Number of each object's directory; 0 for the root itself. */
  readonly parents: Int32Array;
  /** WORKDIR after links, when it exists. */
  readonly workingDirectory: TreeNode | undefined;
  numberOf(path: string): number | undefined;
}

/** Numbers the objects of a tree; `workingDirectory` is a path in it. */
export function numberedTree(tree: Tree, workingDirectory: string): NumberedTree {
  const nodes = [...tree];
  const found = tree.resolve(workingDirectory);
  const isDirectory = found.answer === "reached" && found.node.type === "directory";
  return {
    ...kindsOf(nodes),
    tree,
    nodes,
    parents: tree.parents(),
    workingDirectory: isDirectory ? found.node : undefined,
    numberOf: (path) => tree.numberOf(path),
  };
}
