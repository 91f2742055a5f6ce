import { accessSync, constants, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Whether this process could change a tree that it reads its configuration or scripts from. */
export interface TreeAccess {
  readonly tree: string;
  readonly answer: "immutable" | "changeable" | "absent";
  /** The first object that could be changed, and why. */
  readonly witness?: string;
}

/** Most objects that are looked at in one tree. */
const mostObjects = 20_000;

/**
 * Looks at `config/` and `local/` with the eyes of this process: an object it may write to, or
 * owns (an owner can change the mode), makes the tree changeable. Read-only mounts count as
 * immutable even to an owner.
 */
export function inspectTrees(root: string): TreeAccess[] {
  return ["config", "local"].map((name) => inspectTree(join(root, name)));
}

function inspectTree(tree: string): TreeAccess {
  const waiting = [tree];
  let seen = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      if (path === tree) return { tree, answer: "absent" };
      continue;
    }
    if (++seen > mostObjects)
      return {
        tree,
        answer: "changeable",
        witness: `more than ${mostObjects} objects, not all were looked at`,
      };
    if (stat.isSymbolicLink()) continue;
    const why = changeable(path, stat.uid);
    if (why !== undefined) return { tree, answer: "changeable", witness: `${path} ${why}` };
    if (stat.isDirectory()) waiting.push(...children(path));
  }
  return { tree, answer: "immutable" };
}

function changeable(path: string, owner: number): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return "can be written to";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EROFS") return undefined;
  }
  return owner === process.geteuid?.()
    ? "belongs to this user, who can change its mode"
    : undefined;
}

function children(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}
