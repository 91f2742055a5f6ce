import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../src/blob/digest.ts";
import { compareNames, decodeName, encodeName } from "../src/tar/name-bytes.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { treeFromNodes } from "../src/tree/merged-tree.ts";
import type { TreeNode } from "../src/tree/tree.ts";

let inodes = 100;

function node(path: string, type: TreeNode["type"], more: Partial<TreeNode> = {}): TreeNode {
  inodes += 1;
  const mode = type === "directory" ? 0o755 : 0o644;
  const common = { uid: 0, gid: 0, size: 0, xattrs: new Map(), mtime: 0, inode: inodes, layer: 0 };
  return { path, type, mode, ...common, ...more };
}

const link = (path: string, target: string) => node(path, "symlink", { target });

describe("names", () => {
  test("any bytes come back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeName(decodeName(Buffer.from(bytes))).equals(bytes)).toBe(true);
      }),
    );
  });

  test("two names are equal only when their bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
        const order = compareNames(decodeName(Buffer.from(a)), decodeName(Buffer.from(b)));
        expect(order).toBe(Buffer.compare(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  test("bytes that are no UTF-8 are kept as lone surrogates", () => {
    expect(decodeName(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xed, 0xb2, 0x80]))).toBe(
      "a\udcff\u00e9\udced\udcb2\udc80",
    );
  });
});

describe("a tree", () => {
  test("is in byte order, parents first, with what is implied", () => {
    const tree = treeFromNodes([
      node("/a/b/c", "file"),
      node("/a-b", "file"),
      node("/\u00e9", "file"),
      node("/a\u{1f600}", "file"),
      node("/a\uffee", "file"),
    ]);
    expect([...tree].map(({ path }) => path)).toEqual([
      "/",
      "/a",
      "/a-b",
      "/a/b",
      "/a/b/c",
      "/a\uffee",
      "/a\u{1f600}",
      "/\u00e9",
    ]);
    expect(tree.names("/")).toEqual(["a", "a-b", "a\uffee", "a\u{1f600}", "\u00e9"]);
    expect(tree.names("/a-b")).toEqual([]);
    expect(tree.at("/a")).toMatchObject({ type: "directory", mode: 0o755, layer: -1 });
  });

  test("knows hard links", () => {
    const tree = treeFromNodes([
      node("/b", "file", { inode: 5 }),
      node("/a", "file", { inode: 5 }),
      node("/c", "file", { inode: 6 }),
    ]);
    expect(tree.linksOf(tree.at("/b") as TreeNode)).toEqual(["/a", "/b"]);
    expect(tree.linksOf(tree.at("/c") as TreeNode)).toEqual(["/c"]);
  });
});

describe("resolve", () => {
  const tree = treeFromNodes([
    node("/usr/lib/x", "file"),
    link("/lib", "usr/lib"),
    link("/usr/back", "/lib"),
    link("/usr/up", "../lib/./x"),
    link("/abs", "/usr/up"),
    link("/out", "../../../../usr"),
    link("/loop", "/loop"),
    link("/dangling", "usr/none/deep"),
    link("/dir", "usr/lib/"),
    link("/notdir", "usr/lib/x/"),
    ...Array.from({ length: 41 }, (_, index) =>
      link(`/chain${index}`, index === 0 ? "usr" : `chain${index - 1}`),
    ),
  ]);

  test.each([
    ["/", "/"],
    ["", "/"],
    ["/usr/lib/x", "/usr/lib/x"],
    ["//usr/./lib/../lib//x", "/usr/lib/x"],
    ["/lib", "/usr/lib"],
    ["/lib/", "/usr/lib"],
    ["/lib/x", "/usr/lib/x"],
    ["/lib/..", "/usr"],
    ["/usr/back/x", "/usr/lib/x"],
    ["/abs", "/usr/lib/x"],
    ["/out/lib", "/usr/lib"],
    ["/../..", "/"],
    ["/dir/x", "/usr/lib/x"],
    ["/chain39", "/usr"],
  ])("%s leads to %s", (path, reached) => {
    const resolution = tree.resolve(path);
    expect(resolution.answer === "reached" ? resolution.node.path : resolution.answer).toBe(
      reached,
    );
  });

  test("tells what was passed on the way", () => {
    const resolution = tree.resolve("/abs");
    expect(resolution.via.map(({ path }) => path)).toEqual([
      "/",
      "/abs",
      "/",
      "/usr",
      "/usr/up",
      "/usr",
      "/",
      "/lib",
      "/",
      "/usr",
      "/usr/lib",
    ]);
  });

  test("what is missing, blocked or endless", () => {
    expect(tree.resolve("/usr/a/b/")).toMatchObject({
      answer: "missing",
      nearest: { path: "/usr" },
      rest: "a/b",
    });
    expect(tree.resolve("/dangling/more")).toMatchObject({
      answer: "missing",
      nearest: { path: "/usr" },
      rest: "none/deep/more",
    });
    expect(tree.resolve("/usr/lib/x/y")).toMatchObject({
      answer: "blocked",
      at: { path: "/usr/lib/x" },
    });
    expect(tree.resolve("/usr/lib/x/")).toMatchObject({ answer: "blocked" });
    expect(tree.resolve("/notdir")).toMatchObject({ answer: "blocked" });
    expect(tree.resolve("/usr/lib/x/..")).toMatchObject({ answer: "blocked" });
    expect(tree.resolve("/loop").answer).toBe("loop");
    expect(tree.resolve("/chain40").answer).toBe("loop");
  });
});

describe("diffTrees", () => {
  const before = [
    node("/same", "file", { digest: digestOf("same"), size: 4, mtime: 1 }),
    node("/content", "file", { digest: digestOf("a"), size: 1 }),
    node("/mode", "file", { digest: digestOf("a"), size: 1 }),
    node("/owner", "directory"),
    node("/gone", "fifo"),
    node("/kind", "file", { digest: digestOf("a"), size: 1 }),
    link("/target", "a"),
    node("/dev", "character", { device: { major: 1, minor: 3 } }),
    node("/xattr", "file", {
      digest: digestOf(""),
      xattrs: new Map([
        ["user.a", Buffer.from("1")],
        ["user.b", Buffer.from("2")],
      ]),
    }),
    node("/l1", "file", { digest: digestOf(""), inode: 7 }),
    node("/l2", "file", { digest: digestOf(""), inode: 7 }),
  ];
  const changed: Record<string, Partial<TreeNode>> = {
    "/same": { mtime: 2 },
    "/content": { digest: digestOf("b") },
    "/mode": { mode: 0o4755 },
    "/owner": { uid: 5 },
    "/kind": { type: "fifo", digest: digestOf("a") },
    "/target": { target: "b", mode: 0o777 },
    "/dev": { device: { major: 1, minor: 5 } },
    "/xattr": {
      xattrs: new Map([
        ["user.a", Buffer.from("9")],
        ["user.c", Buffer.from("3")],
      ]),
    },
    "/l2": { inode: 8 },
  };
  const after = before
    .filter(({ path }) => path !== "/gone")
    .map((item) => ({ ...item, ...changed[item.path] }))
    .concat(node("/new", "directory"));

  test("every kind of difference, in the order of paths", () => {
    expect(diffTrees(treeFromNodes(before), treeFromNodes(after))).toEqual([
      { path: "/content", kind: "content", was: digestOf("a"), is: digestOf("b") },
      { path: "/dev", kind: "device", was: "1:3", is: "1:5" },
      { path: "/gone", kind: "removed", was: "fifo 0644 0:0" },
      { path: "/kind", kind: "type", was: "file", is: "fifo" },
      { path: "/l1", kind: "links", was: "/l1 /l2", is: "/l1" },
      { path: "/l2", kind: "links", was: "/l1 /l2", is: "/l2" },
      { path: "/mode", kind: "mode", was: "0644", is: "4755" },
      { path: "/new", kind: "added", is: "directory 0755 0:0" },
      { path: "/owner", kind: "owner", was: "0:0", is: "5:0" },
      { path: "/target", kind: "target", was: "a", is: "b" },
      { path: "/xattr", kind: "xattr", was: "user.a=0x31", is: "user.a=0x39" },
      { path: "/xattr", kind: "xattr", was: "user.b=0x32" },
      { path: "/xattr", kind: "xattr", is: "user.c=0x33" },
    ]);
  });

  test("a tree does not differ from itself", () => {
    expect(diffTrees(treeFromNodes(before), treeFromNodes(before))).toEqual([]);
  });
});
