import { chmod, chown, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { Fault } from "@lithify/fault";
import type { RunSpec } from "../engine.ts";
import { mustRun, type Programs } from "../host/program.ts";
import { type RuntimeMount, standardMountPoints } from "../runtime/runtime-spec.ts";
import { mountOverlay, unmountBelow } from "./overlay.ts";
import { makeMountPoint } from "./rooted-path.ts";
import type { UnpackedLayer } from "./unpack.ts";

/** Something mounted into a container, and what has to exist there. */
export interface RootMount extends RuntimeMount {
  readonly kind: "directory" | "file";
}

/** Where the parts of a mounted root are; all but `rootfs` and `upper` are made below `directory`. */
export interface RootPlace {
  readonly directory: string;
  readonly rootfs: string;
  readonly upper: string;
}

/**
 * Mounts the root file system of a container. What its mounts need is made in a first overlay, which becomes a lower
 * layer of the one that stays: so the upper directory holds what the container itself changed and nothing else.
 * A root that is not writable has no upper directory: there is no place where a change could go.
 * Resolves to the paths made.
 */
export async function mountRoot(
  programs: Programs,
  place: RootPlace,
  options: {
    readonly layers: readonly UnpackedLayer[];
    readonly writable: boolean;
    readonly workingDirectory: string;
    readonly mounts: readonly RootMount[];
  },
): Promise<readonly string[]> {
  const at = (name: string) => join(place.directory, name);
  const [names, points, target] = [at("names"), at("points"), place.rootfs];
  await Promise.all([names, at("empty"), points].map((path) => mkdir(path)));
  await copyRootAttributes(options.layers, points);
  const lower = [at("empty"), ...options.layers.map((layer) => layer.directory)];
  const upper = { directory: points, work: at("points-work") };
  await mountOverlay(programs, { lower, upper, target, names });
  const made = await makeMountPoints(target, options.workingDirectory, options.mounts);
  await unmountBelow(programs, target);
  const all = { lower: [...lower, points], target, names };
  if (!options.writable) {
    await mountOverlay(programs, all);
    return made;
  }
  await mkdir(place.upper);
  await copyRootAttributes([{ directory: points, setsRoot: true }], place.upper);
  await mountOverlay(programs, { ...all, upper: { directory: place.upper, work: at("work") } });
  return made;
}

async function makeMountPoints(
  root: string,
  workingDirectory: string,
  mounts: readonly RootMount[],
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const path of [...standardMountPoints, workingDirectory])
    made.push(...(await makeMountPoint(root, path, "directory")));
  for (const { destination, kind } of mounts)
    if (!isBelowStandard(destination))
      made.push(...(await makeMountPoint(root, destination, kind)));
  return made;
}

/** The root directory is as the highest layer that names it has it; the topmost directory of an overlay decides. */
async function copyRootAttributes(
  layers: readonly UnpackedLayer[],
  directory: string,
): Promise<void> {
  const from = layers.findLast((layer) => layer.setsRoot);
  const found = from === undefined ? undefined : await stat(from.directory);
  await chown(directory, found?.uid ?? 0, found?.gid ?? 0);
  await chmod(directory, (found?.mode ?? 0o755) & 0o7777);
  await utimes(directory, found?.atime ?? 0, found?.mtime ?? 0);
}

/**
 * What is mounted besides the standard, into `files`, which exists: the files that name host and name server, what the
 * caller brings, what may be written.
 */
export async function rootMounts(
  programs: Programs,
  files: string,
  spec: RunSpec,
  volumes: readonly RootMount[] = [],
): Promise<readonly RootMount[]> {
  for (const path of [
    ...(spec.writable ?? []),
    ...(spec.readOnlyMounts ?? []).map(({ target }) => target),
  ])
    if (!isBelowRoot(path)) throw badMount(path, "it must be an absolute path below /");
  const brought = await Promise.all(
    (spec.readOnlyMounts ?? []).map(async ({ source, target }) => {
      const found = await stat(source).catch(() => undefined);
      if (found === undefined) throw badMount(source, "there is no such file or directory");
      const kind = found.isDirectory() ? "directory" : "file";
      return bind(source, target, kind, "nosuid", "nodev");
    }),
  );
  const writable = spec.mutable ? [] : await temporaryMounts(programs, files, spec.writable ?? []);
  const injected = injectedFiles.map((name) =>
    bind(join(files, name), `/etc/${name}`, "file", "nosuid", "nodev", "noexec"),
  );
  return [...injected, ...volumes, ...writable, ...brought].toSorted(
    (a, b) => depthOf(a.destination) - depthOf(b.destination),
  );
}

/** What is mounted inside another mount comes after it. */
function depthOf(path: string): number {
  return path.split("/").filter((part) => part !== "").length;
}

/** Writes what is mounted over /etc/hosts, /etc/hostname and /etc/resolv.conf. There is no way out, so no name server either. */
export async function writeInjectedFiles(
  files: string,
  hostname: string,
  address: string,
): Promise<void> {
  const hosts = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost",
    `${address}\t${hostname}`,
    "",
  ];
  await writeFile(join(files, "hosts"), hosts.join("\n"), { mode: 0o644 });
  await writeFile(join(files, "hostname"), `${hostname}\n`, { mode: 0o644 });
  await writeFile(join(files, "resolv.conf"), "", { mode: 0o644 });
}

const injectedFiles = ["hosts", "hostname", "resolv.conf"];

function bind(
  source: string,
  destination: string,
  kind: RootMount["kind"],
  ...options: readonly string[]
): RootMount {
  return {
    destination,
    type: "bind",
    source,
    kind,
    options: ["rbind", "rprivate", "ro", ...options],
  };
}

/**
 * Memory for what may be written, open to every user as Docker's --tmpfs. Mounted here and bound into the container,
 * because runc gives a tmpfs of its own the mode of the directory that it covers.
 */
async function temporaryMounts(
  programs: Programs,
  files: string,
  paths: readonly string[],
): Promise<readonly RootMount[]> {
  const options = ["nosuid", "nodev", "noexec"];
  const mounts: RootMount[] = [];
  for (const [index, destination] of paths.entries()) {
    const source = join(files, `writable-${index}`);
    await mkdir(source);
    const args = [
      "-t",
      "tmpfs",
      "-o",
      [...options, "mode=1777", "size=64m"].join(","),
      "tmpfs",
      source,
    ];
    await mustRun("make a writable path", programs.mount, args);
    const bound = {
      type: "bind",
      source,
      kind: "directory" as const,
      options: ["bind", "rprivate", ...options],
    };
    mounts.push({ destination, ...bound });
  }
  return mounts;
}

function isBelowRoot(path: string): boolean {
  return path.startsWith("/") && normalize(path) !== "/";
}

function badMount(path: string, why: string): Fault {
  return new Fault("MOUNT_INVALID", "a mount of the instance", { why, values: { path } });
}

/** Below a standard mount the runtime makes what is needed, on that mount. */
function isBelowStandard(path: string): boolean {
  return standardMountPoints.some((point) => path.startsWith(`${point}/`));
}
