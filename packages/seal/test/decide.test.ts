import type { NodeType, Tree, TreeNode } from "@lithify/oci";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../src/access/decide.ts";
import type { Operation } from "../src/access/operation.ts";
import type { Identity } from "../src/identity/identity.ts";
import { identity, model, treeOf } from "./fixture.ts";
import { people, randomTree } from "./random-tree.ts";

const writing: Partial<Record<NodeType, Operation>> = {
  directory: "create",
  file: "open-write",
  fifo: "access-write",
};

describe("decide", () => {
  test("agrees with a naive walk over every path, on random trees", () => {
    fc.assert(
      fc.property(randomTree, ({ lines, xattrs }) => {
        const access = model(lines, { xattrs });
        const tree = treeOf(lines, xattrs);
        const asked = [...tree].flatMap((node) => {
          const operation = writing[node.type];
          return operation === undefined ? [] : [{ node, operation }];
        });
        for (const who of people) {
          for (const { node, operation } of asked) {
            const { answer, why } = decide(access, who, operation, node.path);
            const expected = naive(tree, who, node, operation === "create") ? "allowed" : "denied";
            expect(answer, [...lines, node.path, ...why].join("\n")).toBe(expected);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("says why in names, with the class that decides", () => {
    const access = model(["d 0755 0:0 /c", "d 0775 0:0 /c/echo"]);
    expect(decide(access, identity(101, 0), "create", "/c/echo")).toEqual({
      answer: "allowed",
      why: [
        "`/c/echo` is drwxrwxr-x root:root and you hold gid 0 (root), so its group class decides, which has wx",
        "so you can create entries in it",
      ],
    });
  });

  test("names the directory where the way ends", () => {
    const access = model(["d 0700 0:0 /a", "f 0666 0:0 /a/b x"]);
    const { answer, why } = decide(access, identity(5, 5), "open-write", "/a/b");
    expect(answer).toBe("denied");
    expect(why[0]).toContain("`/a` is drwx------ root:root");
  });

  test("counts the way from WORKDIR, upwards too", () => {
    const lines = [
      "d 0700 0:0 /a",
      "d 0755 0:0 /a/work",
      "f 0666 0:0 /a/work/file x",
      "f 0666 0:0 /a/beside x",
      "d 0755 0:0 /a/open",
      "f 0666 0:0 /a/open/far x",
    ];
    const access = model(lines, { config: { WorkingDir: "/a/work" } });
    const ask = (path: string) => decide(access, identity(5, 5), "open-write", path).answer;
    expect(ask("/a/work/file")).toBe("allowed");
    expect(ask("/a/beside")).toBe("denied");
    expect(ask("/a/open/far")).toBe("denied");
    const wide = model(
      ["d 0700 0:0 /a", "d 0755 0:0 /a/b", ...["d 0755 0:0 /a/b/work", "f 0666 0:0 /a/b/beside x"]],
      {
        config: { WorkingDir: "/a/b/work" },
      },
    );
    expect(decide(wide, identity(5, 5), "open-write", "/a/b/beside").answer).toBe("allowed");
  });

  test("a malformed ACL is unknown, never denied", () => {
    const xattrs = { "/f": { "system.posix_acl_access": Buffer.from([2, 0, 0, 0, 9]) } };
    const access = model(["f 0644 0:0 /f x"], { xattrs });
    expect(decide(access, identity(5, 5), "open-write", "/f").answer).toBe("unknown");
    expect(decide(access, identity(5, 5), "open-write", "/gone").answer).toBe("unknown");
  });

  test("capabilities override modes", () => {
    const access = model(["d 0700 7:7 /a", "f 0400 7:7 /a/f x"]);
    const root: Identity = { ...identity(0, 0), capabilities: ["CAP_DAC_OVERRIDE"] };
    expect(decide(access, root, "open-write", "/a/f").answer).toBe("allowed");
    expect(decide(access, root, "chmod", "/a/f").answer).toBe("denied");
    const bare: Identity = { ...root, capabilities: [] };
    expect(decide(access, bare, "open-write", "/a/f").answer).toBe("denied");
  });
});

/** W or DW with S, by walking every ancestor; written from acl(5) and path_resolution(7), apart from the model. */
function naive(tree: Tree, who: Identity, node: TreeNode, asDirectory: boolean): boolean {
  return canWalkTo(tree, who, node.path) && grants(node, who, asDirectory ? "wx" : "w");
}

function canWalkTo(tree: Tree, who: Identity, path: string): boolean {
  if (path === "/") return true;
  const parts = path.split("/").slice(1, -1);
  const above = ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
  return above.every((each) => {
    const node = tree.at(each);
    return node !== undefined && grants(node, who, "x");
  });
}

function grants(node: TreeNode, who: Identity, wanted: string): boolean {
  const text = (permissions: number) =>
    `${permissions & 4 ? "r" : ""}${permissions & 2 ? "w" : ""}${permissions & 1 ? "x" : ""}`;
  const all = (permissions: number) =>
    [...wanted].every((letter) => text(permissions).includes(letter));
  if (who.uid === node.uid) return all(Math.floor(node.mode / 64) % 8);
  const groupBits = Math.floor(node.mode / 8) % 8;
  const bytes = node.xattrs.get("system.posix_acl_access");
  if (bytes !== undefined && groupBits !== 0) {
    const entries = [];
    for (let at = 4; at < bytes.length; at += 8) {
      const entry = Buffer.from(bytes.subarray(at, at + 8));
      entries.push({
        tag: entry.readUInt16LE(0),
        bits: entry.readUInt16LE(2),
        id: entry.readUInt32LE(4),
      });
    }
    const mine = entries.filter((entry) => entry.tag === 2 && entry.id === who.uid);
    if (mine[0] !== undefined) return all(mine[0].bits & groupBits);
    const held = entries.filter(
      (entry) =>
        (entry.tag === 4 && who.groups.includes(node.gid)) ||
        (entry.tag === 8 && who.groups.includes(entry.id)),
    );
    if (held.length > 0) return held.some((entry) => all(entry.bits)) && all(groupBits);
    return all(node.mode % 8);
  }
  return all(who.groups.includes(node.gid) ? groupBits : node.mode % 8);
}
