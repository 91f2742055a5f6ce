import type { Tree, TreeNode } from "@lithify/oci";
import { parentOf } from "../policy/resolve.ts";

/** A tree whose objects have numbers, so that what is known about them fits into arrays. */
export interface NumberedTree {
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
  const parents = parentNumbers(nodes);
  let numbers: ReadonlyMap<string, number> | undefined;
  const found = tree.resolve(workingDirectory);
  const isDirectory = found.answer === "reached" && found.node.type === "directory";
  return {
    tree,
    nodes,
    parents,
    workingDirectory: isDirectory ? found.node : undefined,
    numberOf: (path) => {
      numbers ??= new Map(nodes.map((node, number) => [node.path, number]));
      return numbers.get(path);
    },
  };
}

/** Neighbours mostly lie in one directory, so that it is rarely looked up. */
function parentNumbers(nodes: readonly TreeNode[]): Int32Array {
  const directories = new Map<string, number>();
  const parents = new Int32Array(nodes.length);
  let last = "";
  let lastNumber = 0;
  nodes.forEach(({ path, type }, number) => {
    if (type === "directory") directories.set(path, number);
    const slash = path.lastIndexOf("/");
    if (slash <= 0 || (slash === last.length && path.startsWith(last))) {
      parents[number] = slash <= 0 ? 0 : lastNumber;
      return;
    }
    last = parentOf(path);
    lastNumber = directories.get(last) ?? 0;
    parents[number] = lastNumber;
  });
  return parents;
}
