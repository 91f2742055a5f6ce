import { spawn } from "node:child_process";
import { mkdir, open, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { digestOf } from "../src/blob/digest.ts";
import { patchTar } from "../src/tar/patch.ts";
import { readTar } from "../src/tar/read.ts";
import type { TarInput } from "../src/tar/write.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { treeFromNodes } from "../src/tree/merged-tree.ts";
import { treeFromTar } from "../src/tree/replay.ts";
import type { Tree } from "../src/tree/tree.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";
import { hasProgram, isRoot, piped, run, testUnless } from "./programs.ts";

const missing = !isRoot
  ? "needs root for devices and owners"
  : hasProgram("tar")
    ? undefined
    : "no tar";

const options = ["--xattrs", "--xattrs-include=*", "--numeric-owner"];

/** A directory as the tool packs a live root. */
function packed(directory: string): AsyncIterable<Uint8Array> {
  return packedBy(["-C", directory, ...options, "-c", "."]);
}

async function* packedBy(args: readonly string[]): AsyncGenerator<Uint8Array> {
  const child = spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] });
  const code = new Promise((resolve) => child.once("close", resolve));
  yield* child.stdout;
  expect(await code).toBe(0);
}

const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
const long = `${"deep/".repeat(30)}${"n".repeat(120)}`;

const odd: readonly TarInput[] = [
  { entry: entryOf("", "directory", { mode: 0o750, uid: 3, gid: 4 }) },
  { entry: entryOf("d", "directory", { mode: 0o2775, uid: 70_000, gid: 5 }) },
  fileOf("d/new\nline", "one", { mode: 0o4755, mtime: 1_600_000_000.25 }),
  fileOf("d/\udcff\udc80\u00e9", "two", { uid: 3_000_000, gid: 4_000_000_000 }),
  fileOf("d/empty", ""),
  { entry: entryOf("d/same", "hardlink", { target: "d/empty" }) },
  { entry: entryOf("d/link", "symlink", { target: `${"t/".repeat(90)}\udcfe`, mode: 0o777 }) },
  { entry: entryOf("d/dev", "character", { device: { major: 1, minor: 3 } }) },
  { entry: entryOf("d/disk", "block", { device: { major: 259, minor: 70_000 } }) },
  { entry: entryOf("d/pipe", "fifo", { mode: 0o600 }) },
  fileOf("cap", "three", { xattrs: new Map([["security.capability", capability]]) }),
  fileOf(long, "four"),
];

function withoutTimes(tree: Tree): Tree {
  return treeFromNodes([...tree].map((node) => ({ ...node, mtime: 0 })));
}

describe("with GNU tar", () => {
  testUnless(missing, "what we write it unpacks, and what it packs we read", () =>
    withDirectory(async (directory) => {
      const archive = await archiveOf(odd);
      const ours = await treeFromTar(inPieces(archive));
      await piped(archive, "tar", ["-C", directory, ...options, "-p", "-x"]);
      const live = await treeFromTar(packed(directory));
      expect(diffTrees(ours, live)).toEqual([]);
      expect(live.at("/cap")?.xattrs.get("security.capability")?.length).toBe(capability.length);
      expect(live.at("/d/new\nline")?.mtime).toBe(1_600_000_000.25);
    }),
  );

  testUnless(missing, "every format it has", () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, "d"));
      await writeFile(join(directory, "d", "a"), "text", { mode: 0o640 });
      await symlink("../d/a", join(directory, "d", "link"));
      await mkdir(join(directory, "deep/".repeat(18)), { recursive: true });
      const wanted = await treeFromTar(packed(directory));
      for (const format of ["gnu", "oldgnu", "ustar", "v7", "posix"]) {
        const args = ["-C", directory, "--numeric-owner", `--format=${format}`, "-c", "."];
        const { stdout } = await run("tar", args, { encoding: "buffer" });
        const tree = await treeFromTar(inPieces(stdout, 999));
        expect([format, diffTrees(withoutTimes(wanted), tree)]).toEqual([format, []]);
      }
    }),
  );

  testUnless(missing, "sparse files, in every form", () =>
    withDirectory(async (directory) => {
      const path = join(directory, "sparse");
      const file = await open(path, "w");
      for (let part = 0; part < 60; part += 1) {
        await file.write(`part ${part}`, part * 300_000, "latin1");
      }
      await file.close();
      await truncate(path, 30_000_000);
      const digest = digestOf(await readFile(path));
      const forms = [
        "--format=gnu",
        "--sparse-version=0.0",
        "--sparse-version=0.1",
        "--sparse-version=1.0",
      ];
      for (const form of forms) {
        const archive = await collect(
          packedBy(["-C", directory, "-S", "--hole-detection=raw", form, "-c", "."]),
        );
        expect(archive.length).toBeLessThan(2_000_000);
        const tree = await treeFromTar(inPieces(archive, 70_000));
        expect(tree.at("/sparse")).toMatchObject({ size: 30_000_000, digest });
        const patched = await collect(patchTar(inPieces(archive, 70_000), () => ({ mode: 0o600 })));
        expect(patched.length).toBe(archive.length);
        expect((await treeFromTar(inPieces(patched))).at("/sparse")).toMatchObject({
          mode: 0o600,
          digest,
        });
        const content = await piped(patched, "tar", ["-xO", "-f", "-", "./sparse"]);
        expect(digestOf(content)).toBe(digest);
      }
    }),
  );

  testUnless(missing, "what we patched it unpacks", () =>
    withDirectory(async (directory) => {
      const archive = await archiveOf(odd);
      const patched = await collect(
        patchTar(inPieces(archive), ({ type }) =>
          type === "symlink"
            ? undefined
            : {
                mode: type === "directory" ? 0o755 : 0o644,
                uid: 0,
                gid: 0,
                removeXattrs: ["security.capability"],
              },
        ),
      );
      await piped(patched, "tar", ["-C", directory, ...options, "-p", "-x"]);
      const live = await treeFromTar(packed(directory));
      expect(diffTrees(await treeFromTar(inPieces(patched)), live)).toEqual([]);
      expect(live.at("/cap")).toMatchObject({ mode: 0o644, uid: 0, gid: 0 });
      expect(live.at("/cap")?.xattrs.size).toBe(0);
    }),
  );

  testUnless(missing, "the machine's own files", async () => {
    const archive = await collect(packed("/etc"));
    let members = 0;
    for await (const { entry } of readTar(inPieces(archive))) {
      members += 1;
      expect(entry.path.startsWith("/")).toBe(false);
    }
    const listing = await piped(archive, "tar", ["-t"]);
    expect(members).toBe(listing.toString().trim().split("\n").length);
  });
});
