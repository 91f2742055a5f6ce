import { isFault } from "@lithify/fault";
import { type Tree, treeFromNodes, treeFromTar } from "@lithify/oci";
import { checkVolume } from "@lithify/seal";
import { archiveOf } from "../host/tar-program.ts";
import { followInRoot } from "../root/rooted-path.ts";
import type { MountedVolume, VolumeTrees } from "./volume.ts";
import { readSeal } from "./volume-directory.ts";

/** Each mounted volume as its seal says it is, and as the process with this number sees it. */
export async function volumeTreesOf(
  tar: string,
  volumes: readonly MountedVolume[],
  pid: number,
): Promise<readonly VolumeTrees[]> {
  const found: VolumeTrees[] = [];
  for (const volume of volumes) {
    const [sealed, live] = [await sealedTree(volume), await liveTree(tar, volume, pid)];
    found.push({ volume, sealed, live });
  }
  return found;
}

async function sealedTree(volume: MountedVolume): Promise<Tree | undefined> {
  const { form, kept, identity, tree, target } = volume;
  try {
    const sealed =
      form === "file"
        ? (await checkVolume(kept, { rootHash: identity })).sealed
        : (await readSeal(kept, identity)).tree;
    return moved(sealed, tree, target);
  } catch (cause) {
    if (isFault(cause, "VOLUME_INVALID")) return undefined;
    throw cause;
  }
}

/** Links on the way are followed inside the instance, so that none leads out of it. */
async function liveTree(
  tar: string,
  { target }: MountedVolume,
  pid: number,
): Promise<Tree | undefined> {
  try {
    const { host, exists } = await followInRoot(`/proc/${pid}/root`, target);
    return exists ? moved(await treeFromTar(archiveOf(tar, host)), "/", target) : undefined;
  } catch (cause) {
    if (isFault(cause, "MOUNT_INVALID", "KERNEL_REFUSED")) return undefined;
    throw cause;
  }
}

/** What lies at `from` and below, as if it lay at `to`. */
function moved(tree: Tree, from: string, to: string): Tree {
  const prefix = from === "/" ? "/" : `${from}/`;
  return treeFromNodes(
    [...tree]
      .filter(({ path }) => path === from || path.startsWith(prefix))
      .map((node) => ({
        ...node,
        path: node.path === from ? to : `${to}/${node.path.slice(prefix.length)}`,
      })),
  );
}
