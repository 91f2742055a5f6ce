import type { TreeNode } from "@lithify/oci";

/** All of an object that a permission depends on. Objects that are equal in it are of one kind, and decided alike. */
export type Kind = Pick<TreeNode, "type" | "mode" | "uid" | "gid" | "xattrs">;

/** The kinds of a tree's objects: some dozens where there are a hundred thousand objects. */
export interface Kinds {
  readonly kinds: readonly Kind[];
  /** By object number: the index of its kind. */
  readonly kindOf: Uint32Array;
}

export function kindsOf(nodes: readonly TreeNode[]): Kinds {
  const kinds: Kind[] = [];
  const known = new Map<string, number>();
  const sets = new Map<Kind["xattrs"], number>();
  const kindOf = new Uint32Array(nodes.length);
  let last = -1;
  nodes.forEach((node, number) => {
    // Neighbours are mostly of one kind
    if (last === -1 || !isOfKind(node, kinds[last] as Kind)) {
      const key = `${node.type} ${node.mode} ${node.uid}:${node.gid} ${setNumber(sets, node)}`;
      last = known.get(key) ?? kinds.length;
      if (last === kinds.length) {
        known.set(key, last);
        kinds.push(node);
      }
    }
    kindOf[number] = last;
  });
  return { kinds, kindOf };
}

/** Numbers of the objects of every kind that fits, in tree order. `fits` is asked once for each kind. */
export function numbersLike(
  { kinds, kindOf }: Kinds,
  fits: (kind: Kind) => boolean,
): readonly number[] {
  const fitting = kinds.map(fits);
  const numbers: number[] = [];
  if (!fitting.includes(true)) return numbers;
  for (let number = 0; number < kindOf.length; number++) {
    if (fitting[kindOf[number] as number]) numbers.push(number);
  }
  return numbers;
}

function isOfKind(node: TreeNode, kind: Kind): boolean {
  return (
    node.mode === kind.mode &&
    node.type === kind.type &&
    node.uid === kind.uid &&
    node.gid === kind.gid &&
    (node.xattrs === kind.xattrs || node.xattrs.size + kind.xattrs.size === 0)
  );
}

/** 0 for none; objects that share one set of attributes have the same number, equal sets of their own do not. */
function setNumber(sets: Map<Kind["xattrs"], number>, { xattrs }: TreeNode): number {
  if (xattrs.size === 0) return 0;
  const number = sets.get(xattrs) ?? sets.size + 1;
  sets.set(xattrs, number);
  return number;
}
