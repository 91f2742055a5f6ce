import type { Kind, Tree, TreeNode } from "@lithify/oci";
import { KindNumbers } from "./kinds.ts";

/** A tree whose objects have numbers, so that what is known about them fits into arrays. */
export interface NumberedTree {
  readonly tree: Tree;
  /** The object of this number: its place in tree order, parents first. It may have to be made: most decisions need only its kind. */
  node(number: number): TreeNode | undefined;
  /** What a permission on the object of this number depends on; objects of one kind have the same. */
  kind(number: number): Kind | undefined;
  /** The number of the kind of each object. */
  readonly kindOf: Uint32Array;
  /** Numbers of the objects of every kind that fits, in tree order; `fits` is asked once for each kind. */
  like(fits: (kind: Kind) => boolean): readonly number[];
  /** Numbers of the directories, in tree order. */
  readonly directories: readonly number[];
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
  const { kinds, kindOf } = tree.kinds();
  const numbers = new KindNumbers({ kinds, kindOf });
  return {
    kind: (number) => kinds[kindOf[number] ?? -1],
    kindOf,
    like: (fits) => numbers.like(fits),
    directories: numbers.like(({ type }) => type === "directory"),
    tree,
    node: (number) => tree.node(number),
    parents: tree.parents(),
    workingDirectory: isDirectory ? found.node : undefined,
    numberOf: (path) => tree.numberOf(path),
  };
}
