import type { Resolution, Tree, TreeNode } from "./tree.ts";

/** Links followed before Linux gives up with ELOOP (path_resolution(7)). */
const maximumLinks = 40;

/**
 * Follows a path from the root as the kernel does for a process whose root is the tree:
 * every link is followed, the last one too; `..` goes up from where the links led; a trailing slash asks for a directory.
 */
export function resolvePath(tree: Pick<Tree, "at">, path: string): Resolution {
  const via: TreeNode[] = [];
  const rest = componentsOf(path);
  let at = tree.at("/") as TreeNode;
  let links = 0;
  while (rest.length > 0) {
    const name = rest.pop() as string;
    if (at.type !== "directory") return { answer: "blocked", at, via };
    if (via[via.length - 1] !== at) via.push(at);
    if (name === ".") continue;
    if (name === "..") {
      at = tree.at(parentPath(at.path)) as TreeNode;
      continue;
    }
    const next = tree.at(at.path === "/" ? `/${name}` : `${at.path}/${name}`);
    if (next === undefined)
      return { answer: "missing", nearest: at, rest: joined(name, rest), via };
    if (next.type !== "symlink") {
      at = next;
      continue;
    }
    via.push(next);
    links += 1;
    if (links > maximumLinks) return { answer: "loop", via };
    const target = next.target ?? "";
    if (target.startsWith("/")) at = tree.at("/") as TreeNode;
    rest.push(...componentsOf(target));
  }
  return { answer: "reached", node: at, via };
}

/** The names of a path, last first. A trailing slash is a last "." */
function componentsOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  if (path.endsWith("/") && names.length > 0) names.push(".");
  return names.reverse();
}

function joined(name: string, rest: readonly string[]): string {
  const names = [name, ...rest.toReversed()];
  if (names[names.length - 1] === ".") names.pop();
  return names.join("/");
}

function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}
