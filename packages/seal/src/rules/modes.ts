import type { Kind } from "@lithify/oci";
import { decide } from "../access/decide.ts";
import type { AccessModel } from "../access/model.ts";
import { permissionOf, write } from "../access/permission.ts";
import { type Hit, type Rule, type Scan, sameModeCause } from "./rule.ts";

/** Route 1: the mode lets the identity write the content. */
export const content: Rule = {
  code: "LI-CONTENT",
  title: "a file's content can be written",
  route: "content",
  fix: "Take away write for the class that is named: chmod g-w,o-w, root as the owner. lithify seal does it.",
  *check(scan) {
    yield* writableFiles(scan, "mode");
  },
};

/** Route 9: a POSIX ACL lets the identity write, whatever the mode seems to say. */
export const acl: Rule = {
  code: "LI-ACL",
  title: "a POSIX ACL grants writing",
  route: "acl",
  fix: "Remove the ACL: setfacl -b. lithify seal does it.",
  *check(scan) {
    yield* writableFiles(scan, "acl");
    const directories = scan.model.protectedLike(
      (kind) => kind.type === "directory" && deciderOf(scan, kind) === "acl",
    );
    for (const number of directories) {
      const node = scan.model.node(number);
      if (node === undefined || scan.view.addable(number) !== "yes") continue;
      yield {
        path: node.path,
        cause: sameModeCause(scan.model, node),
        witness: () => decide(scan.model, scan.identity, "create", node.path).why,
      };
    }
  },
};

/** Route 13: the object has another name in a writable place, and the identity can change it. */
export const hardLink: Rule = {
  code: "LI-HARDLINK",
  title: "a protected file is also a file of a writable directory, and can be changed there",
  route: "hard-link-out",
  fix: "Copy the file instead of linking it, so that the protected one is an object of its own.",
  *check(scan) {
    for (const [number, outside] of linkedOutside(scan.model)) {
      const node = scan.model.node(number);
      if (node === undefined) continue;
      const name = scan.view.bestName(number);
      const owned = scan.view.owned(name) === "yes";
      if (!owned && scan.view.writable(name) !== "yes") continue;
      yield {
        path: node.path,
        cause: outside,
        witness: () => [
          `\`${node.path}\` and \`${outside}\` are one object, and the second lies in a writable path`,
          ...decide(scan.model, scan.identity, owned ? "chmod" : "open-write", pathOf(scan, name))
            .why,
        ],
      };
    }
  },
};

/** Protected objects that have another name in a writable path, by number in tree order, with the first such name. */
function linkedOutside(model: AccessModel): readonly (readonly [number, string])[] {
  const found = new Map<number, string>();
  for (const outside of model.writableNumbers()) {
    if (model.kind(outside)?.type === "directory") continue;
    const node = model.node(outside);
    if (node === undefined) continue;
    for (const path of model.tree.linksOf(node)) {
      const number = model.numberOf(path);
      if (number === undefined || found.has(number)) continue;
      if (model.protectionOf(path) !== "writable") found.set(number, node.path);
    }
  }
  return [...found].sort(([a], [b]) => a - b);
}

/** Files that can be written by what this decides. */
function* writableFiles(scan: Scan, decider: "mode" | "acl"): Iterable<Hit> {
  const numbers = scan.model.protectedLike(
    (kind) =>
      kind.type === "file" &&
      deciderOf(scan, kind) === decider &&
      permissionOf(kind, scan.identity, write).answer === "yes",
  );
  for (const number of numbers) {
    const node = scan.model.node(number);
    const name = scan.view.bestName(number);
    if (node === undefined || scan.view.writable(name) !== "yes") continue;
    yield {
      path: node.path,
      cause: sameModeCause(scan.model, node),
      witness: () => [
        ...otherName(scan, number, name),
        ...decide(scan.model, scan.identity, "open-write", pathOf(scan, name)).why,
      ],
    };
  }
}

function otherName(scan: Scan, number: number, name: number): readonly string[] {
  if (name === number) return [];
  return [`\`${pathOf(scan, number)}\` and \`${pathOf(scan, name)}\` are one object`];
}

function pathOf(scan: Scan, number: number): string {
  return scan.model.node(number)?.path ?? "/";
}

/** Whether an entry of its ACL decides on writing, or its mode. */
function deciderOf({ identity }: Scan, kind: Kind): "mode" | "acl" {
  return permissionOf(kind, identity, write).entry === undefined ? "mode" : "acl";
}
