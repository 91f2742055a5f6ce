import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { diskFault } from "../host/disk-fault.ts";
import { isAlive, markOf } from "../local/state.ts";
import { unmountBelow } from "../root/overlay.ts";
import { followInRoot } from "../root/rooted-path.ts";
import { mountVolumes } from "../volume/mount-volumes.ts";
import type { MountedVolume, VolumeSpec } from "../volume/volume.ts";
import type { DockerContext } from "./docker-context.ts";

/** Volumes mounted on this machine for one container, which binds them. */
export interface ContainerVolumes {
  /** The directory that holds them; empty when there are none. */
  readonly files: string;
  readonly volumes: readonly MountedVolume[];
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
}

/** The label of a container that has volumes. */
export const volumeLabelName = "io.lithify.volumes";

export const noVolumes: ContainerVolumes = { files: "", volumes: [], mounts: [] };

/** Checks and mounts volumes where the daemon can bind them from. Throws Fault NOT_ROOT, and what mountVolumes throws. */
export async function mountForContainer(
  context: DockerContext,
  specs: readonly VolumeSpec[],
): Promise<ContainerVolumes> {
  if (specs.length === 0) return noVolumes;
  if (process.getuid?.() !== 0) throw new Fault("NOT_ROOT", "the volumes of a container");
  const own = markOf(process.pid);
  const name = `${own?.pid}-${own?.startTime}-${randomBytes(6).toString("hex")}`;
  const files = join(context.volumeDirectory, name);
  try {
    await mkdir(files, { recursive: true, mode: 0o700 });
    const { mounts, volumes } = await mountVolumes(context.programs, files, name, specs);
    const bound = mounts.map(({ source, destination }) => ({ source, target: destination }));
    return { files, volumes, mounts: bound };
  } catch (cause) {
    await releaseVolumes(context, { files });
    throw diskFault(cause, "mount the volumes of a container");
  }
}

/** What the label of a container says. */
export function volumesOf(labelled: Readonly<Record<string, string>>): ContainerVolumes {
  const text = labelled[volumeLabelName];
  return text === undefined ? noVolumes : (JSON.parse(text) as ContainerVolumes);
}

export function volumeLabel(volumes: ContainerVolumes): string {
  return JSON.stringify(volumes);
}

/**
 * That the process has in its file tree what was mounted for it: a daemon of another mount namespace or machine binds
 * another directory of that name. Throws Fault VOLUME_UNMOUNTABLE.
 */
export async function checkMounted({ mounts }: ContainerVolumes, pid: number): Promise<void> {
  for (const { source, target } of mounts) {
    const { host } = await followInRoot(`/proc/${pid}/root`, target);
    const [wanted, found] = await Promise.all([stat(source), stat(host).catch(() => undefined)]);
    if (found?.dev === wanted.dev && found.ino === wanted.ino) continue;
    throw new Fault("VOLUME_UNMOUNTABLE", "a volume of a container", {
      why: "the daemon does not see what is mounted on this machine",
      values: { path: target },
    });
  }
}

/** Unmounts and removes; safe to repeat. */
export async function releaseVolumes(
  { programs, volumeDirectory }: DockerContext,
  { files }: Pick<ContainerVolumes, "files">,
): Promise<void> {
  if (!files.startsWith(`${volumeDirectory}/`)) return;
  await unmountBelow(programs, files);
  await rm(files, { recursive: true, force: true });
}

/** Releases what no container has and whose maker is gone. */
export async function releaseForgotten(
  context: DockerContext,
  used: readonly ContainerVolumes[],
): Promise<void> {
  const inUse = new Set(used.map(({ files }) => files));
  for (const name of await readdir(context.volumeDirectory).catch(() => [])) {
    const [pid = "", startTime = ""] = name.split("-");
    const files = join(context.volumeDirectory, name);
    if (!inUse.has(files) && !isAlive({ pid: Number(pid), startTime }))
      await releaseVolumes(context, { files });
  }
}
