import { constants, existsSync } from "node:fs";
import { copyFile, mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import { openVolume, refuseChanges, type VolumeSeal } from "@lithify/seal";
import { findProgram, lastLine, type Programs, runProgram } from "../host/program.ts";
import type { RootMount } from "../root/root-file-system.ts";
import type { MountedVolume, VolumeSpec } from "./volume.ts";
import { checkVolumeDirectory } from "./volume-directory.ts";

/** Volumes that are ready to be bound into a root file system. */
export interface MountedVolumes {
  readonly mounts: readonly RootMount[];
  readonly volumes: readonly MountedVolume[];
}

/**
 * Checks volumes and mounts them below `files`, a directory that nobody else may enter. Of a file a copy is checked and
 * mounted, so that whoever can write the file cannot change it in between or later; a directory is bound as it is.
 * Throws Fault VOLUME_INVALID, VOLUME_UNMOUNTABLE, MOUNT_INVALID.
 */
export async function mountVolumes(
  programs: Pick<Programs, "mount">,
  files: string,
  id: string,
  specs: readonly VolumeSpec[],
): Promise<MountedVolumes> {
  const volumes: MountedVolume[] = [];
  const mounts: RootMount[] = [];
  for (const [index, spec] of specs.entries()) {
    const source = resolve(spec.source);
    const found = await stat(source).catch(() => undefined);
    if (found === undefined) throw badVolume(spec, "there is no such file or directory");
    const place: Place = { files, name: `volume-${index}`, device: `lithify-${id}-${index}` };
    const { at, seal, ...mounted } = found.isDirectory()
      ? await directoryVolume(spec, place)
      : await fileVolume(programs, spec, place);
    for (const { tree, target } of targetsOf(spec, seal)) {
      volumes.push({ source, target, tree, ...mounted });
      mounts.push({
        destination: target,
        type: "bind",
        source: join(at, tree),
        kind: "directory",
        options: ["bind", "rprivate", "ro", "nosuid", "nodev"],
      });
    }
  }
  return { mounts, volumes };
}

interface Place {
  readonly files: string;
  readonly name: string;
  /** The name of its device mapper target, where there is one. */
  readonly device: string;
}

type Mounted = Omit<MountedVolume, "source" | "target" | "tree"> & {
  readonly at: string;
  readonly seal: VolumeSeal;
};

async function directoryVolume(spec: VolumeSpec, { files, name }: Place): Promise<Mounted> {
  const { expected, source } = spec;
  const check = await checkVolumeDirectory(source, expected === undefined ? {} : { expected });
  refuseChanges({ ...check, damagedBlocks: [] }, source);
  const kept = join(files, `${name}.json`);
  await copyFile(join(source, "seal.json"), kept);
  const notProven = "a directory is compared with its seal before it is mounted, and by drift";
  const identity = check.seal.root.slice("sha256:".length);
  const at = join(resolve(source), "tree");
  return {
    at,
    seal: check.seal,
    form: "directory",
    identity,
    kept,
    verified: "at-mount",
    notProven,
  };
}

async function fileVolume(
  programs: Pick<Programs, "mount">,
  { source, expected }: VolumeSpec,
  { files, name, device }: Place,
): Promise<Mounted> {
  const kept = join(files, `${name}.img`);
  await copyFile(source, kept, constants.COPYFILE_FICLONE).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("VOLUME_INVALID", "a read-only volume", {
      why,
      values: { volume: source },
      cause,
    });
  });
  const volume = await openVolume(kept, expected === undefined ? {} : { rootHash: expected });
  await volume.close();
  const { seal, rootHash, hashOffset } = volume;
  const at = join(files, name);
  await mkdir(at);
  const verity = await mountVerity(programs, { kept, at, device, rootHash, hashOffset });
  if (verity !== undefined) await mountLoop(programs, kept, at);
  const how =
    verity === undefined
      ? ({ verified: "every-read" } as const)
      : ({ verified: "at-mount", notProven: verity } as const);
  return { at, seal, form: "file", identity: rootHash, kept, ...how };
}

const mountOptions = ["ro", "nosuid", "nodev"];

/**
 * Mounts through dm-verity; the device goes away with the mount (`close --deferred`). Says why not, where the kernel has no device
 * mapper, veritysetup is not there, or either refuses.
 */
async function mountVerity(
  programs: Pick<Programs, "mount">,
  volume: {
    readonly kept: string;
    readonly at: string;
    readonly device: string;
    readonly rootHash: string;
    readonly hashOffset: number;
  },
): Promise<string | undefined> {
  const once = "its blocks are compared with the root hash when it is mounted, not at every read";
  if (!existsSync("/dev/mapper/control")) return `${once}: this kernel has no device mapper`;
  const { kept, at, device, rootHash, hashOffset } = volume;
  let veritysetup: string;
  try {
    veritysetup = findProgram(process.env, "veritysetup");
  } catch {
    return `${once}: veritysetup is not installed (cryptsetup-bin)`;
  }
  const open = ["open", kept, device, kept, rootHash, `--hash-offset=${hashOffset}`];
  const opened = await runProgram(veritysetup, open);
  if (opened.exitCode !== 0) return `${once}: veritysetup says ${lastLine(opened.stderr)}`;
  const args = ["-t", "erofs", "-o", mountOptions.join(","), `/dev/mapper/${device}`, at];
  const mounted = await runProgram(programs.mount, args);
  await runProgram(veritysetup, ["close", "--deferred", device]);
  return mounted.exitCode === 0 ? undefined : `${once}: mount says ${lastLine(mounted.stderr)}`;
}

async function mountLoop(
  programs: Pick<Programs, "mount">,
  image: string,
  at: string,
): Promise<void> {
  const args = ["-t", "erofs", "-o", ["loop", ...mountOptions].join(","), image, at];
  const { exitCode, stderr } = await runProgram(programs.mount, args);
  if (exitCode === 0) return;
  throw new Fault("VOLUME_UNMOUNTABLE", "mount a volume", {
    why: lastLine(stderr) || `exit code ${exitCode}`,
    values: { volume: image },
  });
}

/** Where the trees of a volume go: a target is for the one tree of a volume that has one. */
function targetsOf(
  spec: VolumeSpec,
  { trees }: VolumeSeal,
): readonly { readonly tree: string; readonly target: string }[] {
  if (spec.target !== undefined && trees.length > 1) {
    throw badVolume(spec, `it has ${trees.length} trees, and a target is for one`);
  }
  return trees.map((tree) => {
    const target = spec.target ?? tree;
    if (!tree.isWellFormed()) throw badVolume(spec, "the path of its tree is no UTF-8");
    if (resolve(target) !== target || target === "/") {
      throw badVolume(spec, `${target} is no absolute path below /`);
    }
    return { tree, target };
  });
}

function badVolume({ source, target }: VolumeSpec, why: string): Fault {
  const values = { volume: source, ...(target === undefined ? {} : { target }) };
  return new Fault("MOUNT_INVALID", "a volume of the instance", { why, values });
}
