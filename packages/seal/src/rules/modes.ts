import { decide } from "../access/decide.ts";
import { permissionOf, write } from "../access/permission.ts";
import { type Hit, type Rule, type Scan, sameModeCause } from "./rule.ts";

/** Route 1: the mode lets the identity write the content. */
export const content: Rule = {
  code: "LI-CONTENT",
  title: "a file's content can be written",
  route: "content",
  fix: "Take away write for the class that is named: chmod g-w,o-w, root as the owner. lithify seal does it.",
  *check(scan) {
    for (const number of scan.objects) {
      if (!grantedByAcl(scan, number)) yield* writableFile(scan, number);
    }
  },
};

/** Route 9: a POSIX ACL lets the identity write, whatever the mode seems to say. */
export const acl: Rule = {
  code: "LI-ACL",
  title: "a POSIX ACL grants writing",
  route: "acl",
  fix: "Remove the ACL: setfacl -b. lithify seal does it.",
  *check(scan) {
    for (const number of scan.objects) {
      if (grantedByAcl(scan, number)) yield* writableFile(scan, number);
    }
    for (const number of scan.objects) {
      const node = scan.model.nodes[number];
      if (node?.type !== "directory" || scan.view.addable(number) !== "yes") continue;
      if (!grantedByAcl(scan, number)) continue;
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
    for (const number of scan.objects) {
      const node = scan.model.nodes[number];
      if (node === undefined || node.type === "directory") continue;
      const links = scan.model.tree.linksOf(node);
      if (links.length < 2) continue;
      const outside = links.find((path) => scan.model.protectionOf(path) === "writable");
      if (outside === undefined) continue;
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

function* writableFile(scan: Scan, number: number): Iterable<Hit> {
  const node = scan.model.nodes[number];
  if (node?.type !== "file") return;
  if (permissionOf(node, scan.identity, write).answer !== "yes") return;
  const name = scan.view.bestName(number);
  if (scan.view.writable(name) !== "yes") return;
  yield {
    path: node.path,
    cause: sameModeCause(scan.model, node),
    witness: () => [
      ...otherName(scan, number, name),
      ...decide(scan.model, scan.identity, "open-write", pathOf(scan, name)).why,
    ],
  };
}

function otherName(scan: Scan, number: number, name: number): readonly string[] {
  if (name === number) return [];
  return [`\`${pathOf(scan, number)}\` and \`${pathOf(scan, name)}\` are one object`];
}

function pathOf(scan: Scan, number: number): string {
  return scan.model.nodes[number]?.path ?? "/";
}

function grantedByAcl(scan: Scan, number: number): boolean {
  const node = scan.model.nodes[number];
  if (node === undefined || node.xattrs.size === 0) return false;
  const permission = permissionOf(node, scan.identity, write);
  return permission.entry !== undefined;
}
