import type { Kind, Kinds, TreeNode } from "./tree.ts";

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
