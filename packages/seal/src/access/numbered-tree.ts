import type { Kinds, Tree, TreeNode } from "@lithify/oci";

/** A tree whose objects have numbers, so that what is known about them fits into arrays. */
export interface NumberedTree extends Kinds {
  readonly tree: Tree;
  /** The object of this number: its place in tree order, parents first. Most decisions need only its kind. */
  node(number: number): TreeNode | undefined;
  /** Number of each object's directory; 0 for the root itself. */
  readonly parents: Int32Array;
  /** WORKDIR after links, when it exists. */
  readonly workingDirectory: TreeNode | undefined;
  numberOf(path: string): number | undefined;
}

/** Numbers the objects of a tree; `workingDirectory` is a path in it. */
export function numberedTree(tree: Tree, workingDirectory: string): NumberedTree {
  const found = tree.resolve(workingDirectory);
  const isDirectory = found.answer === "reached" && found.node.type === "directory";
  return {
    ...tree.kinds(),
    tree,
    node: (number) => tree.node(number),
    parents: tree.parents(),
    workingDirectory: isDirectory ? found.node : undefined,
    numberOf: (path) => tree.numberOf(path),
  };
}
