import type { Kind, Resolution, Tree, TreeNode } from "@lithify/oci";
import type { Contents } from "../contents/inspect-image.ts";
import { joined } from "../policy/resolve.ts";
import { type Doubts, doubtsOf } from "./doubt.ts";
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
  /** WORKDIR after links; where it is missing the engine makes it, root's and 0755, before it starts the process there. */
  readonly workingDirectory: string;
  /** WORKDIR, or the directory in which the engine makes it: the process is there without having passed what is above. */
  readonly startDirectory: TreeNode | undefined;
  /** Where engines may show an object otherwise. */
  readonly doubts: Doubts;
  numberOf(path: string): number | undefined;
}

/** Numbers the objects of a tree; `workingDirectory` is a path in it. */
export function numberedTree(
  tree: Tree,
  workingDirectory: string,
  contents?: Contents,
): NumberedTree {
  const found = tree.resolve(workingDirectory);
  const start = found.answer === "missing" ? found.nearest : endOf(found);
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
    doubts: doubtsOf(tree, contents),
    workingDirectory:
      found.answer === "missing"
        ? joined(found.nearest.path, found.rest)
        : (start?.path ?? workingDirectory),
    startDirectory: start,
    numberOf: (path) => tree.numberOf(path),
  };
}

function endOf(found: Resolution): TreeNode | undefined {
  return found.answer === "reached" && found.node.type === "directory" ? found.node : undefined;
}
