import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from "node:fs";
import { type NodeType, type TreeNode, treeFromNodes } from "@lithify/oci";
import { describe, expect, test } from "vitest";
import { contentWatch } from "../src/contents/content-watch.ts";
import { contentsOf } from "../src/contents/inspect-image.ts";
import { closureOf } from "../src/start/closure.ts";
import { configOf } from "./fixture.ts";

/** Programs of most machines, with few and with many libraries; the test's own Node is larger than what is held of a file. */
const programs = [
  "/usr/bin/tar",
  "/usr/bin/perl",
  "/usr/bin/ls",
  "/usr/bin/openssl",
  process.execPath,
].filter((path) => existsSync(path));
const missing =
  process.platform !== "linux" || !existsSync("/etc/ld.so.cache") ? "there is no glibc" : undefined;
if (missing !== undefined) process.stderr.write(`skipped: libraries against ld.so: ${missing}\n`);

describe.skipIf(missing !== undefined)("libraries of a program, beside what ld.so loads", () => {
  test.each(programs)("%s", (program) => {
    const loaded = loadedByLoader(program);
    const { needs, troubles } = closureOf({ ...machine(program), workingDirectory: "/" });
    expect(troubles).toEqual([]);
    const found = needs
      .filter(({ as, path }) => as === "library" && !path.startsWith("/etc/"))
      .map(({ path }) => realpathSync(path));
    expect(new Set(found)).toEqual(new Set(loaded));
  });
});

/** `NAME => PATH (0x…)` and, of the loader itself, `PATH (0x…)`. */
function loadedByLoader(program: string): readonly string[] {
  const env = { LD_TRACE_LOADED_OBJECTS: "1" };
  const { stdout } = spawnSync(program, [], { env, encoding: "utf8" });
  return [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gu)].map(([, path = ""]) => realpathSync(path));
}

/** The part of this machine that decides: the program, the loader's files, every directory of libraries. */
function machine(program: string) {
  const notes = new Map<string, string>();
  const nodes = new Map<string, TreeNode>();
  const add = (path: string) => {
    if (nodes.has(path)) return;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (parent !== "") add(parent);
    const node = nodeOf(path, nodes.size + 1);
    nodes.set(path, node);
    if (node.type === "symlink") add(realpathSync(path));
    if (node.type === "file") noteOf(node, notes);
  };
  for (const path of [program, "/etc/ld.so.cache", "/lib", "/lib64"])
    if (existsSync(path)) add(path);
  for (const directory of [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
  ]) {
    if (!existsSync(directory)) continue;
    for (const name of readdirSync(directory))
      if (/\.so(?:\.|$)/u.test(name)) add(`${directory}/${name}`);
  }
  return {
    tree: treeFromNodes(nodes.values()),
    contents: contentsOf(notes),
    config: configOf({ Entrypoint: [program] }),
  };
}

function nodeOf(path: string, inode: number): TreeNode {
  const found = lstatSync(path);
  const type: NodeType = found.isSymbolicLink()
    ? "symlink"
    : found.isDirectory()
      ? "directory"
      : "file";
  const { mode, uid, gid, size } = found;
  return {
    ...{ path, type, mode: mode & 0o7777, uid, gid, inode, layer: 0, mtime: 1 },
    ...{ size: type === "file" ? size : 0, xattrs: new Map() },
    ...(type === "symlink" ? { target: readlinkSync(path) } : {}),
  };
}

/** Feeds a file to the watch in pieces, as a layer does. */
function noteOf({ path, size }: TreeNode, notes: Map<string, string>): void {
  const common = {
    type: "file",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 1,
    xattrs: new Map(),
  } as const;
  const sink = contentWatch.watch({ ...common, path: path.slice(1), size });
  const file = openSync(path, "r");
  try {
    for (;;) {
      const part = Buffer.alloc(256 * 1024);
      const length = readSync(file, part);
      if (length === 0) break;
      sink?.push(part.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  const note = sink?.end();
  if (note !== undefined) notes.set(path, note);
}
