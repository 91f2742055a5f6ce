import { copyFile, lstat, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { treeFromNodes } from "../src/tree/merged-tree.ts";
import type { Resolution, TreeNode } from "../src/tree/tree.ts";
import { withDirectory } from "./expectations.ts";
import { hasProgram, isRoot, run, testUnless } from "./programs.ts";

const name = fc.constantFrom("a", "b", "c");
const component = fc.oneof(
  { weight: 5, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom("..", ".", "") },
);
const path = fc
  .tuple(fc.boolean(), fc.array(component, { minLength: 1, maxLength: 5 }))
  .map(([isAbsolute, names]) => (isAbsolute ? `/${names.join("/")}` : names.join("/") || "."));
const node = fc.record({
  at: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`),
  type: fc.constantFrom<TreeNode["type"]>("file", "directory", "directory", "symlink", "symlink"),
  target: path,
});

interface Made {
  readonly at: string;
  readonly type: TreeNode["type"];
  readonly target: string;
}

/** What fits: parents first, no name twice, nothing below what is no directory. */
function consistent(nodes: readonly Made[]): Made[] {
  const types = new Map<string, string>([["/", "directory"]]);
  return nodes
    .toSorted((a, b) => a.at.length - b.at.length)
    .filter(({ at, type }) => {
      if (types.has(at) || types.get(dirname(at)) !== "directory") return false;
      types.set(at, type);
      return true;
    });
}

async function make(directory: string, nodes: readonly Made[]): Promise<void> {
  await copyFile("/bin/busybox", join(directory, "busybox"));
  for (const { at, type, target } of nodes) {
    const place = join(directory, at);
    if (type === "directory") await mkdir(place);
    else if (type === "symlink") await symlink(target, place);
    else await writeFile(place, "");
  }
}

function treeNode({ at, type, target }: Made, index: number): TreeNode {
  const common = { mode: 0o755, uid: 0, gid: 0, size: 0, xattrs: new Map(), mtime: 0, layer: 0 };
  return { ...common, path: at, type, inode: index + 2, ...(type === "symlink" ? { target } : {}) };
}

const errors = { missing: "No such file", blocked: "Not a directory", loop: "Too many levels" };

async function wordOf(directory: string, resolution: Resolution): Promise<string> {
  if (resolution.answer !== "reached") return errors[resolution.answer];
  return String((await lstat(join(directory, resolution.node.path))).ino);
}

const missing = !isRoot
  ? "needs root for chroot"
  : hasProgram("busybox")
    ? undefined
    : "no busybox";

testUnless(missing, "paths lead where the kernel says", async () => {
  const paths = fc.array(
    path.map((text) => `/${text}`),
    { minLength: 20, maxLength: 20 },
  );
  const nodes = fc.array(node, { minLength: 6, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(nodes, paths, (made, asked) =>
      withDirectory(async (directory) => {
        const fitting = consistent(made);
        await make(directory, fitting);
        const tree = treeFromNodes(fitting.map(treeNode));
        const script = 'for p; do /busybox stat -L -c %i "$p" 2>&1; done; true';
        const { stdout } = await run("chroot", [
          directory,
          "/busybox",
          "sh",
          "-c",
          script,
          "sh",
          ...asked,
        ]);
        const answers = stdout.trim().split("\n");
        for (const [index, text] of asked.entries()) {
          const wanted = await wordOf(directory, tree.resolve(text));
          expect([text, answers[index]]).toEqual([text, expect.stringContaining(wanted)]);
        }
      }),
    ),
    { numRuns: 40 },
  );
});
