import { decide } from "../access/decide.ts";
import { type Hit, type Rule, type Scan, sameModeCause } from "./rule.ts";

/** Routes 2 and 12: entries can be added to a directory. */
export const add: Rule = {
  code: "LI-ADD",
  title: "entries can be added to a directory",
  route: "add",
  fix: "Take away write on the directory for the class that is named, root as the owner; or declare it writable.",
  *check(scan) {
    for (const number of writableDirectories(scan)) {
      const node = scan.model.node(number);
      if (node === undefined || isStuck(scan, number)) continue;
      yield {
        path: node.path,
        cause: sameModeCause(scan.model, node),
        witness: () => decide(scan.model, scan.identity, "create", node.path).why,
      };
    }
  },
};

/** Route 5: a sticky directory: entries can be added, those of others not replaced. */
export const sticky: Rule = {
  code: "LI-STICKY",
  title: "entries can be added to a sticky directory",
  route: "sticky",
  fix: "Declare it writable in lithify.yaml when the process needs it; else take away write for others.",
  *check(scan) {
    for (const number of writableDirectories(scan)) {
      const node = scan.model.node(number);
      if (node === undefined || !isStuck(scan, number)) continue;
      yield {
        path: node.path,
        cause: sameModeCause(scan.model, node),
        witness: () => [
          ...decide(scan.model, scan.identity, "create", node.path).why,
          "it is sticky, so entries that others own stay as they are",
        ],
      };
    }
  },
};

/** Route 3: an object's directory can be written, so the object can be removed or replaced, whatever its own mode. */
export const replace: Rule = {
  code: "LI-REPLACE",
  title: "an object can be removed or replaced through its directory",
  route: "replace",
  fix: "Take away write on the directory that holds it, root as the owner. The object's own mode does not help.",
  *check(scan) {
    const open = scan.view.addableDirectories();
    if (open.length === 0) return;
    for (const number of scan.model.protectedIn(open)) {
      if (scan.view.replaceable(number) !== "yes") continue;
      const node = scan.model.node(number);
      if (node === undefined) continue;
      yield {
        path: node.path,
        cause: scan.model.node(scan.model.parents[number] ?? 0)?.path ?? "/",
        witness: () => decide(scan.model, scan.identity, "rename", node.path).why,
      };
    }
  },
};

/** Route 4: a directory above a protected tree can be renamed away, and another put in its place. */
export const ancestor: Rule = {
  code: "LI-ANCESTOR",
  title: "a protected tree can be swapped at a directory above it",
  route: "swap-ancestor",
  fix: "Take away write on the directory that holds the one that moves, root as the owner, up to the root.",
  *check(scan) {
    for (const tree of scan.model.policy.trees) yield* ancestorsOf(scan, tree.path);
  },
};

function* ancestorsOf(scan: Scan, tree: string): Iterable<Hit> {
  let number = scan.model.numberOf(tree) ?? 0;
  while (number !== 0) {
    const node = scan.model.node(number);
    if (node !== undefined && scan.view.replaceable(number) === "yes") {
      yield {
        path: tree,
        cause: node.path,
        witness: () => [
          ...decide(scan.model, scan.identity, "rename", node.path).why,
          `everything below \`${tree}\` is then what you put there; EXDEV on an overlay file system is no protection: copying does the same`,
        ],
      };
    }
    number = scan.model.parents[number] ?? 0;
  }
}

function* writableDirectories(scan: Scan): Iterable<number> {
  for (const number of scan.model.protectedLike(({ type }) => type === "directory")) {
    if (scan.view.addable(number) === "yes") yield number;
  }
}

function isStuck(scan: Scan, number: number): boolean {
  const node = scan.model.node(number);
  return node !== undefined && (node.mode & 0o1000) !== 0 && node.uid !== scan.identity.uid;
}
