import { createHash } from "node:crypto";
import { digestOf, type TreeNode } from "@lithify/oci";
import { describe, expect, test } from "vitest";
import { merkleRoot } from "../src/statement/merkle.ts";
import { treeOf } from "./fixture.ts";

const lines = [
  "d 0755 0:0 /",
  "d 0755 0:0 /a",
  "f 0644 0:0 /a/file content",
  "h /a/link -> /a/file",
  "l 0777 0:0 /b -> a/file",
  "c 0600 0:0 /null",
];

describe("merkleRoot", () => {
  const nodes: readonly TreeNode[] = [
    ...treeOf(lines, { "/a/file": { "user.x": Buffer.from("1") } }),
  ].map((node) => (node.type === "character" ? { ...node, device: { major: 1, minor: 3 } } : node));
  const before = merkleRoot(nodes);
  const changed = (path: string, change: Partial<TreeNode>) =>
    merkleRoot(nodes.map((node) => (node.path === path ? { ...node, ...change } : node)));

  const changes: readonly (readonly [string, string, Partial<TreeNode>])[] = [
    ["path", "/a/file", { path: "/a/filf" }],
    ["type", "/a", { type: "fifo" }],
    ["mode", "/a/file", { mode: 0o645 }],
    ["uid", "/a/file", { uid: 1 }],
    ["gid", "/a/file", { gid: 1 }],
    ["size", "/a/file", { size: 8 }],
    ["content", "/a/file", { digest: digestOf("other") }],
    ["target", "/b", { target: "a/filf" }],
    ["device", "/null", { device: { major: 1, minor: 5 } }],
    ["hard link", "/a/link", { inode: 99 }],
    ["xattr value", "/a/file", { xattrs: new Map([["user.x", Buffer.from("2")]]) }],
    ["xattr name", "/a/file", { xattrs: new Map([["user.y", Buffer.from("1")]]) }],
    ["xattr gone", "/a/file", { xattrs: new Map() }],
  ];

  test.each(changes)("changes with the %s of %s", (_field, path, change) => {
    expect(changed(path, change)).not.toBe(before);
  });

  test("does not depend on the order given, mtimes, or inode numbers", () => {
    const other = nodes.map((node) => ({ ...node, mtime: 5, inode: node.inode + 100 }));
    expect(merkleRoot(other.reverse())).toBe(before);
  });

  test("has the shape of RFC 6962", () => {
    const sha = (...parts: Uint8Array[]) =>
      createHash("sha256").update(Buffer.concat(parts)).digest();
    const leaf = (path: string) => {
      const fields = [path, "directory", "493", "0", "0", "0", "", "", "", ""];
      const bytes = fields.map((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(Buffer.byteLength(text));
        return Buffer.concat([length, Buffer.from(text)]);
      });
      return sha(Buffer.of(0), ...bytes);
    };
    const inner = (left: Buffer, right: Buffer) => sha(Buffer.of(1), left, right);
    const some = [...treeOf(["d 0755 0:0 /a", "d 0755 0:0 /b", "d 0755 0:0 /c", "d 0755 0:0 /d"])];
    const expected = inner(
      inner(inner(leaf("/"), leaf("/a")), inner(leaf("/b"), leaf("/c"))),
      leaf("/d"),
    );
    expect(merkleRoot(some)).toBe(`sha256:${expected.toString("hex")}`);
    expect(merkleRoot([])).toBe(`sha256:${sha().toString("hex")}`);
  });

  test("refuses a file that was not hashed, and a path that comes twice", () => {
    const bare = nodes.map(({ digest: _, ...node }): TreeNode => node);
    expect(() => merkleRoot(bare)).toThrow("its content was not read");
    expect(() => merkleRoot([...nodes, ...nodes])).toThrow("it comes twice");
  });
});
