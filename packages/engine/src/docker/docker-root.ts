import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Tree, treeFromTar } from "@lithify/oci";
import type { ContainerInspectInfo } from "dockerode";
import { snapshotOf, touchedBelow, withoutMountPoints } from "../local/snapshot.ts";
import { lstatInside } from "../root/rooted-path.ts";
import { isInLayers } from "../root/unpack.ts";
import { daemonFault } from "./daemon-fault.ts";
import type { DockerContext } from "./docker-context.ts";

/** The directories of an overlay2 container, as the daemon names them. */
interface OverlayDirectories {
  readonly merged: string;
  readonly upper: string;
  /** The daemon's own layer, with what its mounts need. */
  readonly init: string;
  /** The image's layers, lowest first. */
  readonly layers: readonly string[];
}

/**
 * The tree of a container, mounts and what they need left out: from overlay2's merged directory where this process may
 * read it; otherwise from the daemon's export, which **loses every extended attribute but `security.capability`**,
 * POSIX ACLs among them.
 */
export async function snapshotOfContainer(
  { docker, programs }: DockerContext,
  inspected: ContainerInspectInfo,
): Promise<Tree> {
  const found = overlayOf(inspected);
  if (found !== undefined)
    return snapshotOf(found.merged, { programs, mountPoints: await mountPoints(inspected, found) });
  const bytes = await docker
    .getContainer(inspected.Id)
    .export()
    .catch((cause: unknown) => {
      throw daemonFault(cause, "read the file tree of a container");
    });
  const tree = await treeFromTar(bytes as AsyncIterable<Uint8Array>);
  return withoutMountPoints(tree, mounted(inspected));
}

/** Undefined where the writable layer cannot be read. */
export async function touchedIn(
  inspected: ContainerInspectInfo,
): Promise<readonly string[] | undefined> {
  const found = overlayOf(inspected);
  if (found === undefined) return undefined;
  const points = new Set(await mountPoints(inspected, found));
  return (await touchedBelow(found.upper)).filter((path) => !points.has(path));
}

/** Where the overlay2 driver keeps the container, if this process may read it. */
export function overlayOf({ GraphDriver }: ContainerInspectInfo): OverlayDirectories | undefined {
  const data: Partial<Record<string, string>> = { ...GraphDriver?.Data }; // its keys are the driver's
  const { LowerDir = "", MergedDir = "", UpperDir = "" } = data;
  const [init = "", ...layers] = LowerDir.split(":");
  if (GraphDriver?.Name !== "overlay2" || !existsSync(MergedDir)) return undefined;
  return { merged: MergedDir, upper: UpperDir, init, layers: layers.toReversed() };
}

/** What is in the container only because something is mounted on it, or because the daemon or its runtime made it. */
async function mountPoints(
  inspected: ContainerInspectInfo,
  found: OverlayDirectories,
): Promise<readonly string[]> {
  const layers = found.layers.map((directory) => ({ directory, setsRoot: false }));
  const made = await readdir(found.init, { recursive: true });
  const all = new Set([...made.map((name) => `/${name}`), ...mounted(inspected)]);
  const points: string[] = [];
  for (const path of [...all].toSorted())
    if (!(await isInLayers(layers, path)) && (await isUntouched(found, path))) points.push(path);
  return points;
}

/** A directory is there for the mount; what a process put in its place is not. */
async function isUntouched({ upper }: OverlayDirectories, path: string): Promise<boolean> {
  const own = await lstatInside(upper, path);
  return own === undefined || own.isDirectory() || (own.isFile() && own.size === 0);
}

/** Mounted paths, the working directory, and every directory above them. */
function mounted(inspected: ContainerInspectInfo): readonly string[] {
  const targets = [
    ...inspected.Mounts.map(({ Destination }) => Destination),
    ...Object.keys(inspected.HostConfig.Tmpfs ?? {}),
    ...["/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv"],
    inspected.Config.WorkingDir || "/",
  ];
  return [...new Set(targets.flatMap(withParents))];
}

function withParents(path: string): readonly string[] {
  return path === "/" || path === "." ? [] : [...withParents(dirname(path)), path];
}
