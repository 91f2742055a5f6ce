import { sortNames } from "./name-bytes.ts";
import type { Resolution, Tree, TreeNode } from "./tree.ts";
import { resolvePath } from "./tree-resolve.ts";

/**
 * A tree of these nodes. Directories that are implied by a path but not given are made: root's, 0755.
 * When a path comes twice the later node counts.
 */
export function treeFromNodes(nodes: Iterable<TreeNode>): Tree {
  const byPath = new Map<string, TreeNode>();
  let inode = 0;
  for (const node of nodes) {
    byPath.set(node.path, node);
    if (node.inode > inode) inode = node.inode;
  }
  const implied = (path: string) => {
    inode += 1;
    byPath.set(path, impliedDirectory(path, inode));
  };
  if (!byPath.has("/")) implied("/");
  for (const path of [...byPath.keys()]) {
    for (let at = parentOf(path); !byPath.has(at); at = parentOf(at)) implied(at);
  }
  return new MergedTree(byPath);
}

/** The directory that a path lies in; "/" for the root itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

function impliedDirectory(path: string, inode: number): TreeNode {
  const attributes = { type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0 } as const;
  return { path, ...attributes, xattrs: new Map(), mtime: 0, inode, layer: -1 };
}

class MergedTree implements Tree {
  readonly #nodes = new Map<string, TreeNode>();
  readonly #names = new Map<string, string[]>();
  readonly #links = new Map<number, string[]>();

  constructor(byPath: ReadonlyMap<string, TreeNode>) {
    const firstOf = new Map<number, string>();
    for (const path of sortNames([...byPath.keys()])) {
      const node = byPath.get(path) as TreeNode;
      this.#nodes.set(path, node);
      if (path !== "/") this.#addName(path);
      if (node.type === "directory") continue;
      const first = firstOf.get(node.inode);
      if (first === undefined) {
        firstOf.set(node.inode, path);
        continue;
      }
      const links = this.#links.get(node.inode);
      if (links === undefined) this.#links.set(node.inode, [first, path]);
      else links.push(path);
    }
    for (const names of this.#names.values()) sortNames(names);
  }

  get size(): number {
    return this.#nodes.size;
  }

  [Symbol.iterator](): Iterator<TreeNode> {
    return this.#nodes.values();
  }

  at(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  names(path: string): readonly string[] {
    return this.#names.get(path) ?? [];
  }

  linksOf(node: TreeNode): readonly string[] {
    return this.#links.get(node.inode) ?? [node.path];
  }

  resolve(path: string): Resolution {
    return resolvePath(this, path);
  }

  #addName(path: string): void {
    const slash = path.lastIndexOf("/");
    const parent = slash === 0 ? "/" : path.slice(0, slash);
    const name = path.slice(slash + 1);
    const names = this.#names.get(parent);
    if (names === undefined) this.#names.set(parent, [name]);
    else names.push(name);
  }
}
