import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Layer, Tree } from "@lithify/oci";
import { findPrograms } from "../../src/host/program.ts";
import { snapshotOf } from "../../src/local/snapshot.ts";
import { unmountBelow } from "../../src/root/overlay.ts";
import { mountRoot } from "../../src/root/root-file-system.ts";
import { unpackLayers } from "../../src/root/unpack.ts";
import type { TestStore } from "./test-images.ts";

/** The tree that the kernel shows for layers, unpacked and mounted as an instance has them. */
export async function mountedTree(test: TestStore, layers: readonly Layer[]): Promise<Tree> {
  const programs = findPrograms(process.env);
  const unpacked = await unpackLayers(test.store, programs, layers);
  const directory = await mkdtemp(join(test.directory, "mounted-"));
  const place = { directory, rootfs: join(directory, "rootfs"), upper: join(directory, "upper") };
  await mkdir(place.rootfs);
  try {
    const options = { layers: unpacked, writable: false, workingDirectory: "/", mounts: [] };
    const mountPoints = await mountRoot(programs, place, options);
    return await snapshotOf(place.rootfs, { programs, mountPoints });
  } finally {
    await unmountBelow(programs, directory);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Everything about every object, one line each, so that a difference reads well. */
export function linesOf(tree: Tree): readonly string[] {
  return [...tree].map((node) => {
    const { path, type, mode, uid, gid, size, digest, target, device, mtime } = node;
    const xattrs = [...node.xattrs]
      .map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`)
      .toSorted();
    const links = type === "directory" ? [] : tree.linksOf(node);
    return JSON.stringify([
      path,
      type,
      mode.toString(8),
      `${uid}:${gid}`,
      size,
      digest?.slice(7, 15),
      target,
      device,
      mtime,
      xattrs,
      links.length > 1 ? links : [],
    ]);
  });
}
