import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Step, StepResult, StepRunner } from "@lithify/build";
import { Fault } from "@lithify/fault";
import { readTar, type Store, writeTar } from "@lithify/oci";
import { diskFault } from "../host/disk-fault.ts";
import { onLines } from "../host/lines.ts";
import {
  findPrograms,
  type Programs,
  runProgram,
  startFault,
  throwIfAborted,
} from "../host/program.ts";
import { archiveOf } from "../host/tar-program.ts";
import { closeEmptyNetwork, namespacePath, openEmptyNetwork } from "../local/network.ts";
import { isAlive, markOf } from "../local/state.ts";
import { userOf } from "../local/user.ts";
import { unmountBelow } from "../root/overlay.ts";
import { layerFromOverlay } from "../root/overlay-form.ts";
import { mountRoot, type RootMount } from "../root/root-file-system.ts";
import { isInLayers, type UnpackedLayer, unpackLayers } from "../root/unpack.ts";
import { environmentOf, runtimeSpec } from "../runtime/runtime-spec.ts";
import { injectedMounts, prepareStepMounts } from "./step-mounts.ts";

/** Where one step runs; removed after it. */
interface Workspace {
  readonly id: string;
  readonly directory: string;
  readonly rootfs: string;
  readonly upper: string;
  readonly bundle: string;
  readonly runtime: string;
}

/**
 * Runs the RUN steps of a Dockerfile with runc on an overlay, as `docker build` does: root or USER, default
 * capabilities, the network of the machine or none. Throws Fault NOT_ROOT, RUNTIME_MISSING.
 */
export function openSandbox(options: {
  readonly store: Store;
  readonly env?: NodeJS.ProcessEnv;
}): StepRunner {
  if (process.getuid?.() !== 0) throw new Fault("NOT_ROOT", "the sandbox of RUN");
  const programs = findPrograms(options.env ?? process.env);
  return {
    run: async (step, { output, signal }) => {
      const directory = await realpath(options.store.cacheDirectory("sandboxes"));
      await sweep(programs, directory);
      const layers = await unpackLayers(options.store, programs, step.layers);
      throwIfAborted(signal);
      return runStep(programs, openWorkspace(directory), layers, step, output, signal);
    },
  };
}

async function runStep(
  programs: Programs,
  workspace: Workspace,
  layers: readonly UnpackedLayer[],
  step: Step,
  output: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<StepResult> {
  try {
    await prepare(programs, workspace, layers, step);
    const exitCode = await execute(programs, workspace, output, signal);
    throwIfAborted(signal);
    if (exitCode === 0) {
      await release(programs, workspace);
      return { answer: "done", changes: changesOf(programs, workspace, layers) };
    }
    await remove(programs, workspace);
    return { answer: "failed", exitCode };
  } catch (cause) {
    await remove(programs, workspace);
    throw diskFault(cause, "run a step");
  }
}

/** The difference as a layer; the workspace goes when it was read, or is given up. */
async function* changesOf(
  programs: Programs,
  workspace: Workspace,
  layers: readonly UnpackedLayer[],
): AsyncGenerator<Uint8Array> {
  try {
    const members = readTar(archiveOf(programs.tar, workspace.upper));
    yield* writeTar(layerFromOverlay(members, (path) => isInLayers(layers, path)));
  } finally {
    await remove(programs, workspace);
  }
}

/** The name tells whose it is, so that what a killed process left can be found. */
function openWorkspace(parent: string): Workspace {
  const mark = markOf(process.pid);
  const id = `${mark?.pid}-${mark?.startTime}-${randomBytes(6).toString("hex")}`;
  const directory = join(parent, id);
  const at = (name: string) => join(directory, name);
  return {
    id,
    directory,
    rootfs: at("rootfs"),
    upper: at("upper"),
    bundle: at("bundle"),
    runtime: at("runc"),
  };
}

async function prepare(
  programs: Programs,
  workspace: Workspace,
  layers: readonly UnpackedLayer[],
  step: Step,
): Promise<void> {
  await mkdir(workspace.bundle, { recursive: true, mode: 0o700 });
  const mounts = [
    ...(await injectedMounts(join(workspace.directory, "files"))),
    ...(await prepareStepMounts(programs, workspace.directory, step.mounts)),
  ];
  const { workingDirectory } = step;
  await mountRoot(programs, workspace, { layers, writable: true, workingDirectory, mounts });
  await writeBundle(programs, workspace, step, mounts);
}

async function writeBundle(
  programs: Programs,
  workspace: Workspace,
  step: Step,
  mounts: readonly RootMount[],
): Promise<void> {
  if (step.network === "none") await openEmptyNetwork(programs, namespaceOf(workspace));
  const spec = runtimeSpec({
    id: workspace.id,
    rootfs: workspace.rootfs,
    hostname,
    user: await userOf(workspace.rootfs, step.user),
    command: step.command,
    env: environmentOf({}, hostname, step.env),
    workingDirectory: step.workingDirectory,
    capabilities: "docker",
    noNewPrivileges: false,
    readOnlyRoot: false,
    closedDevices: false,
    network:
      step.network === "none"
        ? { answer: "namespace", path: namespacePath({ namespace: namespaceOf(workspace) }) }
        : { answer: "host" },
    mounts: mounts.map(({ kind: _, ...mount }) => mount),
  });
  await writeFile(join(workspace.bundle, "config.json"), JSON.stringify(spec));
}

async function execute(
  programs: Programs,
  workspace: Workspace,
  output: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<number> {
  const args = ["--root", workspace.runtime, "run", "--bundle", workspace.bundle, workspace.id];
  const child = spawn(programs.runc, args, {
    cwd: workspace.bundle,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const drained = [onLines(child.stdout, output), onLines(child.stderr, output)];
  const kill = () => void destroy(programs, workspace);
  signal?.addEventListener("abort", kill, { once: true });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", (cause) => reject(startFault(programs.runc, cause)));
      child.on("exit", (code) => resolve(code ?? 137));
    });
  } finally {
    signal?.removeEventListener("abort", kill);
    await Promise.all(drained);
  }
}

/** Ends the step's processes, if any are left. */
async function destroy(programs: Programs, workspace: Workspace): Promise<void> {
  await runProgram(programs.runc, ["--root", workspace.runtime, "delete", "--force", workspace.id]);
}

/** Gives back what the kernel holds; the directories stay. */
async function release(programs: Programs, workspace: Workspace): Promise<void> {
  await destroy(programs, workspace);
  await unmountBelow(programs, workspace.directory);
  await closeEmptyNetwork(programs, namespaceOf(workspace));
}

async function remove(programs: Programs, workspace: Workspace): Promise<void> {
  await release(programs, workspace);
  await rm(workspace.directory, { recursive: true, force: true });
}

/** Removes the workspaces of processes that were killed. */
async function sweep(programs: Programs, parent: string): Promise<void> {
  for (const id of await readdir(parent).catch(() => [])) {
    const [pid = "", startTime = ""] = id.split("-");
    if (isAlive({ pid: Number(pid), startTime })) continue;
    const directory = join(parent, id);
    const at = (name: string) => join(directory, name);
    const [rootfs, upper, bundle, runtime] = [at("rootfs"), at("upper"), at("bundle"), at("runc")];
    await remove(programs, { id, directory, rootfs, upper, bundle, runtime });
  }
}

function namespaceOf(workspace: Workspace): string {
  return `lithify-${workspace.id}`;
}

const hostname = "sandbox";
