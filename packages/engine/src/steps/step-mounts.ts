import { chmod, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StepMount } from "@lithify/build";
import { mustRun, type Programs } from "../host/program.ts";
import { mountOverlay } from "../root/overlay.ts";
import type { RootMount } from "../root/root-file-system.ts";

const unspecific = ["nosuid", "nodev"];

/** `RUN --mount=…` as mounts of the runtime. What they need on the host is made below `directory`. */
export async function prepareStepMounts(
  programs: Programs,
  directory: string,
  mounts: readonly StepMount[],
): Promise<readonly RootMount[]> {
  const prepared: RootMount[] = [];
  for (const [index, mount] of mounts.entries()) {
    const place = join(directory, `mount-${index}`);
    prepared.push(await prepareOne(programs, place, mount));
  }
  return prepared;
}

/** Host names and name servers of the machine, for the step to use and not to keep. */
export async function injectedMounts(files: string): Promise<readonly RootMount[]> {
  const servers = await readFile("/etc/resolv.conf").catch(() => Buffer.alloc(0));
  const hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n";
  await mkdir(files);
  await writeFile(join(files, "resolv.conf"), servers, { mode: 0o644 });
  await writeFile(join(files, "hosts"), hosts, { mode: 0o644 });
  return ["resolv.conf", "hosts"].map((name) =>
    bind(join(files, name), `/etc/${name}`, "file", "rw", ...unspecific),
  );
}

async function prepareOne(programs: Programs, place: string, mount: StepMount): Promise<RootMount> {
  switch (mount.type) {
    case "bind":
      return prepareBind(programs, place, mount);
    case "cache":
      await mkdir(mount.source, { recursive: true });
      return bind(mount.source, mount.target, "directory", "rw");
    case "tmpfs": {
      const size = mount.size === undefined ? [] : [`size=${mount.size}`];
      const options = ["mode=1777", ...unspecific, ...size];
      return {
        destination: mount.target,
        type: "tmpfs",
        source: "tmpfs",
        kind: "directory",
        options,
      };
    }
    case "secret": {
      await mkdir(place, { mode: 0o700 });
      await mustRun("keep a secret off the disk", programs.mount, ["-t", "tmpfs", "tmpfs", place]);
      const file = join(place, "secret");
      await writeFile(file, mount.bytes, { mode: 0o600 });
      await chmod(file, mount.mode);
      return bind(file, mount.target, "file", "ro", ...unspecific);
    }
  }
}

/** A writable bind takes what is written and forgets it, as BuildKit's does: the source is never changed. */
async function prepareBind(
  programs: Programs,
  place: string,
  mount: Extract<StepMount, { readonly type: "bind" }>,
): Promise<RootMount> {
  const isDirectory = (await stat(mount.source)).isDirectory();
  const kind = isDirectory ? "directory" : "file";
  if (!mount.writable) return bind(mount.source, mount.target, kind, "ro");
  await mkdir(place);
  const copy = join(place, "copy");
  if (isDirectory) {
    const at = (name: string) => join(place, name);
    await Promise.all([mkdir(at("names")), mkdir(at("upper"))]);
    const upper = { directory: at("upper"), work: at("work") };
    await mountOverlay(programs, {
      lower: [mount.source],
      upper,
      target: copy,
      names: at("names"),
    });
  } else await copyFile(mount.source, copy);
  return bind(copy, mount.target, kind, "rw");
}

function bind(
  source: string,
  destination: string,
  kind: RootMount["kind"],
  ...options: readonly string[]
): RootMount {
  return { destination, type: "bind", source, kind, options: ["rbind", "rprivate", ...options] };
}
