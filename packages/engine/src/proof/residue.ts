import type { Tree, TreeNode } from "@lithify/oci";
import type { Instance } from "../engine.ts";

/** An object that is not as it was before the attempts. */
export interface Residue {
  readonly identity: string;
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
}

/**
 * To be called before the attempts; what it resolves to is called after them, and says what they left behind. Where the
 * engine shows the layer of what a container changed, and that is empty before and after, nothing was changed. Else the
 * whole tree is compared: with that of another container, in which nothing was tried, where two of them are alike to the
 * times of files; with that of the same one before, where they are not (a daemon makes files of its own).
 */
export async function residueWatch(
  instance: Instance,
  identity: string,
  startUntouched?: () => Promise<Instance>,
): Promise<() => Promise<readonly Residue[]>> {
  const isLayerEmpty = async () => (await instance.touched())?.length === 0;
  if (startUntouched === undefined || !(await isLayerEmpty())) {
    const before = await instance.snapshot();
    return async () =>
      (await isLayerEmpty()) ? [] : residueOf(identity, before, await instance.snapshot());
  }
  return async () => {
    if (await isLayerEmpty()) return [];
    const untouched = await startUntouched();
    try {
      return residueOf(identity, await untouched.snapshot(), await instance.snapshot());
    } finally {
      await untouched.stop({ graceSeconds: 1 });
    }
  };
}

/** Times of directories change by what is created and removed in them, so they do not count; everything else does. */
export function residueOf(identity: string, before: Tree, after: Tree): readonly Residue[] {
  const found: Residue[] = [];
  for (const node of after) {
    const former = before.at(node.path);
    if (former === undefined) found.push({ identity, path: node.path, kind: "added" });
    else if (appearance(former) !== appearance(node))
      found.push({ identity, path: node.path, kind: "changed" });
  }
  for (const node of before)
    if (after.at(node.path) === undefined)
      found.push({ identity, path: node.path, kind: "removed" });
  return found;
}

function appearance(node: TreeNode): string {
  const { type, mode, uid, gid, size, digest, target, device, mtime } = node;
  const xattrs = [...node.xattrs].map(([name, value]) => [
    name,
    Buffer.from(value).toString("hex"),
  ]);
  const time = type === "directory" ? 0 : Math.round(mtime * 1e6);
  return JSON.stringify([
    type,
    mode,
    uid,
    gid,
    size,
    digest,
    target,
    device,
    time,
    xattrs.toSorted(),
  ]);
}
