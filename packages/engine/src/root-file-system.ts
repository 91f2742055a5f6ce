import { chmod, chown, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSpec } from "./engine.ts";
import { mountOverlay, unmountBelow } from "./overlay.ts";
import type { Programs } from "./program.ts";
import { makeMountPoint } from "./rooted-path.ts";
import { type RuntimeMount, standardMountPoints } from "./runtime-spec.ts";
import type { InstancePaths } from "./state.ts";
import type { UnpackedLayer } from "./unpack.ts";

/** Something mounted into a container, and what has to exist there. */
export interface RootMount extends RuntimeMount {
  readonly kind: "directory" | "file";
}

/**
 * Mounts the root file system of an instance and makes what its mounts need. A root that is not writable is an
 * overlay without an upper directory: there is no place where a change could go. Resolves to the paths made.
 */
export async function mountRoot(
  programs: Programs,
  paths: InstancePaths,
  options: {
    readonly layers: readonly UnpackedLayer[];
    readonly writable: boolean;
    readonly workingDirectory: string;
    readonly mounts: readonly RootMount[];
  },
): Promise<readonly string[]> {
  const names = join(paths.directory, "names");
  const empty = join(paths.directory, "empty");
  await Promise.all([mkdir(names, { mode: 0o700 }), mkdir(empty), mkdir(paths.upper)]);
  await copyRootAttributes(options.layers, paths.upper);
  const lower = [empty, ...options.layers.map((layer) => layer.directory)];
  const upper = { directory: paths.upper, work: paths.work };
  await mountOverlay(programs, { lower, upper, target: paths.rootfs, names });
  const made: string[] = [];
  for (const path of [...standardMountPoints, options.workingDirectory])
    made.push(...(await makeMountPoint(paths.rootfs, path, "directory")));
  for (const mount of options.mounts)
    if (!isBelowStandard(mount.destination))
      made.push(...(await makeMountPoint(paths.rootfs, mount.destination, mount.kind)));
  if (!options.writable) {
    await unmountBelow(programs, paths.rootfs);
    await mountOverlay(programs, { lower: [...lower, paths.upper], target: paths.rootfs, names });
  }
  return made;
}

/** The root directory is as the highest layer that names it has it; the topmost directory of an overlay decides. */
export async function copyRootAttributes(
  layers: readonly UnpackedLayer[],
  directory: string,
): Promise<void> {
  const from = layers.findLast((layer) => layer.setsRoot);
  const found = from === undefined ? undefined : await stat(from.directory);
  await chown(directory, found?.uid ?? 0, found?.gid ?? 0);
  await chmod(directory, (found?.mode ?? 0o755) & 0o7777);
  await utimes(directory, found?.atime ?? 0, found?.mtime ?? 0);
}

/** What is mounted besides the standard: the files that name host and name server, what the caller brings, what may be written. */
export async function rootMounts(files: string, spec: RunSpec): Promise<readonly RootMount[]> {
  const brought = await Promise.all(
    (spec.readOnlyMounts ?? []).map(async ({ source, target }) => {
      const kind = (await stat(source)).isDirectory() ? ("directory" as const) : ("file" as const);
      return bind(source, target, kind, "nosuid", "nodev");
    }),
  );
  const writable = spec.mutable ? [] : (spec.writable ?? []).map(temporary);
  const injected = injectedFiles.map((name) =>
    bind(join(files, name), `/etc/${name}`, "file", "nosuid", "nodev", "noexec"),
  );
  return [...injected, ...writable, ...brought];
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
  await mkdir(files, { mode: 0o755 });
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

function temporary(destination: string): RootMount {
  const options = ["nosuid", "nodev", "noexec", "mode=1777", "size=64m"];
  return { destination, type: "tmpfs", source: "tmpfs", kind: "directory", options };
}

/** Below a standard mount the runtime makes what is needed, on that mount. */
function isBelowStandard(path: string): boolean {
  return standardMountPoints.some((point) => path.startsWith(`${point}/`));
}
