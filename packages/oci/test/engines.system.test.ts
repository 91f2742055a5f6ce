import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { openStore } from "../src/store/layout-store.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { treeFromNodes } from "../src/tree/merged-tree.ts";
import { replayLayers, treeFromTar } from "../src/tree/replay.ts";
import type { Tree } from "../src/tree/tree.ts";
import { archiveOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";
import { hasProgram, isRoot, run, testUnless } from "./programs.ts";
import { type ReplayCase, replayCases } from "./replay-cases.ts";

const missing = !isRoot ? "needs root to mount" : hasProgram("buildah") ? undefined : "no buildah";

/** buildah's storage is that of Podman and CRI-O: vfs unpacks each layer over a copy of the one below. */
async function treeOfBuildah(
  directory: string,
  item: ReplayCase,
  driver: string,
): Promise<[Tree, Tree]> {
  const store = await openStore(join(directory, "store"));
  const layers = [];
  for (const inputs of item.layers) {
    layers.push(await store.writeLayer(inPieces(await archiveOf(inputs))));
  }
  const image = await store.writeImage({ config: { architecture: "amd64", os: "linux" }, layers });
  await store.tag("case", image, { exact: true });
  const policy = join(directory, "policy.json");
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const roots = ["--root", join(directory, "root"), "--runroot", join(directory, "run")];
  const buildah = async (...args: readonly string[]) =>
    (
      await run("buildah", [...roots, "--storage-driver", driver, ...args], { cwd: directory })
    ).stdout.trim();
  const name = await buildah("from", "--signature-policy", policy, "oci:store:case");
  try {
    const theirs = await treeFromTar(packed(await buildah("mount", name)));
    return [await replayLayers(image.layers), theirs];
  } finally {
    await buildah("umount", name);
    await buildah("rm", name);
    await buildah("rmi", "--all", "--force");
  }
}

async function* packed(directory: string): AsyncGenerator<Uint8Array> {
  const args = ["-C", directory, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-c", "."];
  const child = spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] });
  yield* child.stdout;
}

/** The root's own attributes are the storage's when no layer sets them. */
function withoutRoot(tree: Tree): Tree {
  return treeFromNodes([...tree].filter(({ path }) => path !== "/"));
}

describe.each(["vfs", "overlay"])(
  "our merged tree is the one that buildah mounts (%s)",
  (driver) => {
    for (const item of replayCases()) {
      if (item.fault !== undefined) continue;
      testUnless(item.differs.get(driver) ?? missing, item.name, () =>
        withDirectory(async (directory) => {
          const [ours, theirs] = await treeOfBuildah(directory, item, driver);
          expect(diffTrees(withoutRoot(ours), withoutRoot(theirs))).toEqual([]);
        }),
      );
    }
  },
);
