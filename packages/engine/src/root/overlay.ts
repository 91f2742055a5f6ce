import { mkdir, readFile, realpath, symlink } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, type Programs, runProgram } from "../host/program.ts";

/** An overlay mount: read-only when there is no upper directory. */
export interface OverlayPlan {
  /** Directories of the layers, lowest first. */
  readonly lower: readonly string[];
  readonly upper?: { readonly directory: string; readonly work: string };
  readonly target: string;
  /** An existing directory, used for short names: mount(2) takes one page of options, and image layers may be 127. */
  readonly names: string;
}

/**
 * Mounts an overlay so that its upper directory stays plain: no redirects, no metadata-only copies.
 * Volatile, because nothing in it outlives the container: unmounting need not wait for the disk.
 */
export async function mountOverlay(programs: Programs, plan: OverlayPlan): Promise<void> {
  await mkdir(plan.target, { recursive: true });
  const prefix = `${process.hrtime.bigint().toString(36)}-`;
  const names = await Promise.all(
    plan.lower.map(async (directory, index) => {
      await symlink(directory, join(plan.names, `${prefix}${index}`));
      return `${prefix}${index}`;
    }),
  );
  const options = [
    `lowerdir=${names.toReversed().join(":")}`,
    "metacopy=off",
    "redirect_dir=nofollow",
  ];
  if (plan.upper !== undefined) {
    await mkdir(plan.upper.work);
    const { directory, work } = plan.upper;
    options.push(`upperdir=${directory}`, `workdir=${work}`, "index=off", "volatile");
  }
  const args = ["-t", "overlay", "overlay", "-o", options.join(","), plan.target];
  await mustRun("mount the root file system", programs.mount, args, { cwd: plan.names });
}

/** Unmounts everything mounted at or below a directory, whoever did it; nothing there is not a fault. */
export async function unmountBelow(
  programs: Pick<Programs, "umount">,
  directory: string,
): Promise<void> {
  const real = await realpath(directory).catch(() => directory); // the kernel names mounts without links
  const targets = (await mountTargets()).filter(
    (target) => target === real || target.startsWith(`${real}/`),
  );
  for (const target of targets.toReversed()) {
    const { exitCode } = await runProgram(programs.umount, [target]);
    if (exitCode !== 0) await runProgram(programs.umount, ["--lazy", target]);
  }
}

/** Mount points of this mount namespace in the order they were mounted (proc_pid_mountinfo(5)). */
export async function mountTargets(): Promise<readonly string[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => unescapeMountPath(line.split(" ")[4] ?? ""));
}

/** Undoes the octal escapes of blanks, newlines and backslashes. */
export function unescapeMountPath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
