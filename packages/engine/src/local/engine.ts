import { randomBytes } from "node:crypto";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import type { Store } from "@lithify/oci";
import type { Engine, Instance, RunSpec } from "../engine.ts";
import { diskFault } from "../host/disk-fault.ts";
import { findPrograms, type Programs, throwIfAborted } from "../host/program.ts";
import { mountRoot, rootMounts, writeInjectedFiles } from "../root/root-file-system.ts";
import { type UnpackedLayer, unpackLayers } from "../root/unpack.ts";
import type { CapabilityRule } from "../runtime/capabilities.ts";
import { commandOf, environmentOf, runtimeProcess, runtimeSpec } from "../runtime/runtime-spec.ts";
import { mountVolumes } from "../volume/mount-volumes.ts";
import { forget, releaseResources } from "./clean-up.ts";
import { localInstance } from "./instance.ts";
import { openMonitor } from "./monitor-process.ts";
import { namespacePath, openNetwork } from "./network.ts";
import { currentRecord } from "./process-watch.ts";
import {
  type InstancePaths,
  type InstanceRecord,
  instanceIds,
  instancePaths,
  makeInstance,
  markOf,
  readRecord,
  reserveName,
  writeRecord,
} from "./state.ts";
import { userOf } from "./user.ts";

export interface LocalEngineOptions {
  readonly store: Store;
  /** LITHIFY_STATE, else /run/lithify. */
  readonly stateDirectory?: string;
  /** For PATH and LITHIFY_STATE; the process's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The engine that needs no daemon: runc, an overlay, a network namespace and one monitor process an instance.
 * Throws Fault NOT_ROOT, or RUNTIME_MISSING with the Debian package to install.
 */
export async function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  if (process.getuid?.() !== 0) throw new Fault("NOT_ROOT", "the local engine");
  const programs = findPrograms(env);
  const named = resolve(options.stateDirectory ?? (env.LITHIFY_STATE || "/run/lithify"));
  const state = await stateDirectory(named);
  return {
    name: "local",
    run: (spec, { signal } = {}) =>
      run(options.store, state, programs, spec, signal).catch((cause: unknown) => {
        throw diskFault(cause, "start an instance");
      }),
    list: () => list(state),
    find: (nameOrId) => find(state, nameOrId),
  };
}

/** Makes the directory; resolves to its path without links, which the runtime insists on. */
async function stateDirectory(path: string): Promise<string> {
  try {
    await mkdir(join(path, "instances"), { recursive: true, mode: 0o700 });
    return await realpath(path);
  } catch (cause) {
    throw diskFault(cause, "open the state directory");
  }
}

async function run(
  store: Store,
  state: string,
  programs: Programs,
  spec: RunSpec,
  signal?: AbortSignal,
): Promise<Instance> {
  const command = commandOf(spec.image.config.config ?? {}, spec);
  if (command.length === 0)
    throw new Fault("COMMAND_MISSING", "start an instance", {
      values: { image: spec.image.digest },
    });
  const layers = await unpackLayers(store, programs, spec.image.layers);
  const id = randomBytes(16).toString("hex");
  const paths = instancePaths(state, id);
  const record = firstRecord(spec, id, programs, command);
  await makeInstance(state, paths, record);
  const monitor = openMonitor(paths);
  try {
    await reserveName(state, record.name, id);
    await writeRecord(paths, await prepare(paths, record, layers, spec));
    throwIfAborted(signal);
    await monitor.begin();
  } catch (cause) {
    monitor.giveUp();
    await releaseResources(state, paths, (await readRecord(paths)) ?? record);
    await forget(state, paths, record);
    throw cause;
  }
  return localInstance(state, (await readRecord(paths)) ?? record);
}

/** The record before anything was made: enough to clean up by, should this process die. */
function firstRecord(
  spec: RunSpec,
  id: string,
  programs: Programs,
  command: readonly string[],
): InstanceRecord {
  const config = spec.image.config.config ?? {};
  const name = spec.name ?? `i-${id.slice(0, 8)}`;
  const by = markOf(process.pid);
  if (by === undefined) throw new Fault("KERNEL_REFUSED", "read /proc/self/stat");
  return {
    version: 1,
    id,
    name,
    image: spec.image.digest,
    labels: spec.labels ?? {},
    mutable: spec.mutable === true,
    startedAt: Date.now(),
    published: (spec.publish ?? []).map((mapping) => ({ host: "127.0.0.1", ...mapping })),
    stopSignal: config.StopSignal ?? "SIGTERM",
    process: runtimeProcess({
      user: { uid: 0, gid: 0, groups: [] },
      command,
      env: environmentOf(config, name, spec.env ?? []),
      workingDirectory: config.WorkingDir || "/",
      ...rightsOf(spec),
    }),
    mountPoints: [],
    programs,
    phase: { answer: "starting", by },
  };
}

/** Makes network, root file system and bundle; who the process is comes from the files of that root. */
async function prepare(
  paths: InstancePaths,
  record: InstanceRecord,
  layers: readonly UnpackedLayer[],
  spec: RunSpec,
): Promise<InstanceRecord> {
  const files = join(paths.directory, "files");
  const writable = spec.mutable === true || spec.writableRoot === true;
  await mkdir(files, { mode: 0o755 });
  const { programs, id } = record;
  const { mounts: trees, volumes } = await mountVolumes(programs, files, id, spec.volumes ?? []);
  const mounts = await rootMounts(programs, files, spec, trees);
  const workingDirectory = record.process.cwd;
  const [network, mountPoints] = await bothOrNeither(
    openNetwork(record.programs, record.id),
    mountRoot(record.programs, paths, { layers, writable, workingDirectory, mounts }),
  );
  await writeInjectedFiles(files, record.name, network.address);
  const user =
    spec.as ?? (await userOf(paths.rootfs, spec.user ?? spec.image.config.config?.User ?? ""));
  const plan = {
    id: record.id,
    rootfs: paths.rootfs,
    hostname: record.name,
    user,
    command: record.process.args,
    env: record.process.env,
    workingDirectory,
    ...rightsOf(spec),
    readOnlyRoot: !writable,
    closedDevices: spec.mutable !== true,
    network: { answer: "namespace", path: namespacePath(network) },
    mounts: mounts.map(({ kind: _, ...mount }) => mount),
    ...(spec.limits === undefined ? {} : { limits: spec.limits }),
  } as const;
  await writeFile(join(paths.bundle, "config.json"), JSON.stringify(runtimeSpec(plan)));
  return { ...record, network, mountPoints, volumes, process: runtimeProcess(plan) };
}

function rightsOf(spec: RunSpec): {
  readonly capabilities: CapabilityRule;
  readonly noNewPrivileges: boolean;
} {
  if (spec.as !== undefined) {
    const { capabilities, bounding = [], noNewPrivileges } = spec.as;
    return { capabilities: { held: capabilities, bounding }, noNewPrivileges };
  }
  const mutable = spec.mutable === true;
  return { capabilities: mutable ? "docker" : "none", noNewPrivileges: !mutable };
}

/** Waits for both even when one fails, so that nothing is still being made when the clean-up begins. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** Every instance, oldest first, after cleaning up behind those whose monitor is gone. */
async function list(state: string): Promise<readonly Instance[]> {
  const records = await Promise.all(
    (await instanceIds(state)).map((id) => currentRecord(state, id)),
  );
  return records
    .filter((record) => record !== undefined)
    .filter((record) => record.phase.answer !== "starting")
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .map((record) => localInstance(state, record));
}

async function find(state: string, nameOrId: string): Promise<Instance | undefined> {
  const all = await list(state);
  const named = all.find((instance) => instance.name === nameOrId);
  if (named !== undefined) return named;
  const matching = nameOrId === "" ? [] : all.filter(({ id }) => id.startsWith(nameOrId));
  return matching.length === 1 ? matching[0] : undefined;
}
