import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { diffTrees, treeFromTar } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openVolume } from "../../src/volume/volume-file.ts";
import type { WrittenVolume } from "../../src/volume/volume-write.ts";
import { openSample, type Sample } from "./sample.ts";

const isRoot = process.getuid?.() === 0;
const knowsErofs = readFileSync("/proc/filesystems", "utf8").includes("\terofs\n");
const hasLoop = existsSync("/dev/loop-control");
const missing = (path: string) => {
  if (existsSync(path)) return false;
  process.stderr.write(`a volume is not compared with ${path} here: it is not installed\n`);
  return true;
};

let sample: Sample;
let volume: WrittenVolume;
beforeAll(async () => {
  sample = await openSample();
  volume = await sample.write("volume");
});
afterAll(() => sample.remove());

function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

describe("a volume and the programs of others", () => {
  it.skipIf(missing("/usr/sbin/veritysetup"))(
    "veritysetup verifies it, and computes the same tree",
    async () => {
      const file = sample.at("volume");
      const offset = `--hash-offset=${volume.hashOffset}`;
      expect(run("veritysetup", "verify", file, file, volume.rootHash, offset)).toEqual({
        status: 0,
        text: "",
      });
      const wrong = volume.rootHash.replace(/^../, "00");
      expect(run("veritysetup", "verify", file, file, wrong, offset).status).not.toBe(0);
      const tree = sample.at("tree");
      const formatted = run(
        "veritysetup",
        ...["format", file, tree, `--salt=${volume.salt}`, "--hash=sha256"],
        ...["--data-block-size=4096", "--hash-block-size=4096"],
        `--data-blocks=${volume.hashOffset / 4096}`,
      );
      expect(formatted.text).toContain(volume.rootHash);
      const ours = (await readFile(file)).subarray(volume.hashOffset);
      const theirs = await readFile(tree);
      ours.fill(0, 16, 32); // the UUID, which veritysetup draws
      theirs.fill(0, 16, 32);
      expect(ours.equals(theirs)).toBe(true);
    },
  );

  it.skipIf(missing("/usr/bin/fsck.erofs"))("fsck.erofs finds nothing wrong", () => {
    const { status, text } = run("fsck.erofs", "--extract", sample.at("volume"));
    expect([status, text]).toEqual([0, expect.not.stringMatching(/error|corrupt/iu)]);
  });

  it.skipIf(!isRoot || !knowsErofs || !hasLoop)(
    "the kernel shows the tree that was sealed",
    async () => {
      const at = sample.at("mounted");
      await mkdir(at);
      const file = sample.at("volume");
      const mounted = run("mount", "-t", "erofs", "-o", "loop,ro,nosuid,nodev", file, at);
      expect(mounted).toEqual({ status: 0, text: "" });
      try {
        const archive = spawnSync(
          "tar",
          [
            "--create",
            "--format=posix",
            "--xattrs",
            "--xattrs-include=*",
            "--numeric-owner",
            `--directory=${at}`,
            ".",
          ],
          { maxBuffer: 1 << 26 },
        );
        async function* bytes() {
          yield archive.stdout;
        }
        const opened = await openVolume(file);
        expect(diffTrees(opened.sealed, await treeFromTar(bytes()))).toEqual([]);
        await opened.close();
      } finally {
        run("umount", at);
      }
    },
  );
});
