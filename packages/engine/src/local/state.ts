import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { Digest } from "@lithify/oci";
import type { PortMapping } from "../engine.ts";
import type { Programs } from "../host/program.ts";
import type { RuntimeProcess } from "../runtime/runtime-spec.ts";
import type { MountedVolume } from "../volume/volume.ts";
import type { InstanceNetwork } from "./network.ts";

/** What is known of one instance: `instance.json` in its directory. The creator writes it, then only its monitor. */
export interface InstanceRecord {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  readonly image: Digest;
  readonly labels: Readonly<Record<string, string>>;
  readonly mutable: boolean;
  readonly startedAt: number;
  readonly published: readonly Required<PortMapping>[];
  readonly stopSignal: string;
  /** The `process` object that the runtime was given. */
  readonly process: RuntimeProcess;
  /** Paths that exist only because something is mounted there. */
  readonly mountPoints: readonly string[];
  /** Absent in records of an older version, and without any. */
  readonly volumes?: readonly MountedVolume[];
  readonly network?: InstanceNetwork;
  readonly programs: Programs;
  readonly phase: InstancePhase;
}

/** `by`: who starts it, or watches it, or watched it. When that process is gone before the end, the rest is to be cleaned up. */
export type InstancePhase =
  | { readonly answer: "starting"; readonly by: ProcessMark }
  | { readonly answer: "running"; readonly by: ProcessMark; readonly process: ProcessMark }
  | { readonly answer: "ended"; readonly by: ProcessMark; readonly exitCode: number };

/** A process by number and by start time (clock ticks since boot), because numbers are used again. */
export interface ProcessMark {
  readonly pid: number;
  readonly startTime: string;
}

/** Where the parts of one instance are. */
export interface InstancePaths {
  readonly directory: string;
  readonly record: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly upper: string;
  readonly work: string;
  readonly log: string;
  readonly monitorLog: string;
}

export function instancePaths(state: string, id: string): InstancePaths {
  const directory = join(state, "instances", id);
  return {
    directory,
    record: join(directory, "instance.json"),
    bundle: join(directory, "bundle"),
    rootfs: join(directory, "rootfs"),
    upper: join(directory, "upper"),
    work: join(directory, "work"),
    log: join(directory, "output.log"),
    monitorLog: join(directory, "monitor.log"),
  };
}

/** Where the runtime keeps its own state. */
export function runtimeRoot(state: string): string {
  return join(state, "runc");
}

/**
 * Makes the directory of an instance with its first record, both or neither, so that whatever a killed process left
 * can be told by its record. What was killed even before that is removed here.
 */
export async function makeInstance(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
): Promise<void> {
  const own = markOf(process.pid);
  const temporary = instancePaths(state, `.${own?.pid}-${own?.startTime}-${record.id}`);
  for (const name of await readdir(join(state, "instances")).catch(() => [])) {
    const [pid = "", startTime = ""] = name.slice(1).split("-");
    if (name.startsWith(".") && !isAlive({ pid: Number(pid), startTime }))
      await rm(join(state, "instances", name), { recursive: true, force: true });
  }
  try {
    await mkdir(temporary.bundle, { recursive: true, mode: 0o700 });
    await writeRecord(temporary, record);
    await rename(temporary.directory, paths.directory);
  } finally {
    await rm(temporary.directory, { recursive: true, force: true });
  }
}

/** Takes a name for an instance; the kernel lets only one process make the link. Throws Fault NAME_IN_USE, NAME_INVALID. */
export async function reserveName(state: string, name: string, id: string): Promise<void> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name))
    throw new Fault("NAME_INVALID", "a name for an instance", { values: { name } });
  await mkdir(join(state, "names"), { recursive: true, mode: 0o700 });
  try {
    await symlink(id, join(state, "names", name));
  } catch (cause) {
    throw new Fault("NAME_IN_USE", `the name ${name}`, { values: { name }, cause });
  }
}

export async function releaseName(state: string, name: string, id: string): Promise<void> {
  const path = join(state, "names", name);
  const holder = await readlink(path).catch(() => undefined);
  if (holder === id) await rm(path, { force: true });
}

/** Writes the record so that a reader sees the former or the new one, never a part. */
export async function writeRecord(paths: InstancePaths, record: InstanceRecord): Promise<void> {
  const temporary = `${paths.record}.${process.pid}`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, paths.record);
}

/** The record, or undefined when the instance is gone or was never complete. Throws Fault STATE_INVALID. */
export async function readRecord(paths: InstancePaths): Promise<InstanceRecord | undefined> {
  const text = await readFile(paths.record, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as InstanceRecord;
    if (record.version === 1 && typeof record.id === "string") return record;
  } catch {
    // as below
  }
  throw new Fault("STATE_INVALID", "the record of an instance", { values: { path: paths.record } });
}

export async function instanceIds(state: string): Promise<readonly string[]> {
  const names = await readdir(join(state, "instances")).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).toSorted();
}

export function markOf(pid: number): ProcessMark | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isAlive(mark: ProcessMark): boolean {
  return startTimeOf(mark.pid) === mark.startTime;
}

/** Field 22 of /proc/PID/stat, counted after the name in parentheses; undefined for none and for a zombie (proc_pid_stat(5)). */
function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
