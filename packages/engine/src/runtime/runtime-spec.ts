import type { ProcessConfig } from "@lithify/oci";
import type { RunLimits } from "../engine.ts";
import { type CapabilityRule, capabilitySets } from "./capabilities.ts";
import { seccompProfile } from "./seccomp.ts";

/** The numbers a process runs with. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** A mount of the OCI runtime specification (config, mounts). */
export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The `process` object of the OCI runtime specification, as far as it is used. */
export interface RuntimeProcess {
  readonly terminal: false;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids: readonly number[];
  };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: object;
  readonly noNewPrivileges: boolean;
}

/** What decides the runtime configuration of a container; everything resolved already. */
export interface ContainerPlan {
  readonly id: string;
  readonly rootfs: string;
  readonly hostname: string;
  readonly user: ProcessUser;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  readonly capabilities: CapabilityRule;
  readonly noNewPrivileges: boolean;
  readonly readOnlyRoot: boolean;
  /** Nothing but the root may be writable: /dev is closed after it is filled, there is no mqueue, /dev/shm is small. */
  readonly closedDevices: boolean;
  /** A network namespace by path, or the host's. */
  readonly network:
    | { readonly answer: "namespace"; readonly path: string }
    | { readonly answer: "host" };
  readonly limits?: RunLimits;
  /** After the standard ones, in this order. */
  readonly mounts: readonly RuntimeMount[];
}

/** `config.json` of an OCI bundle (runtime specification 1.0), with the defaults of `docker run` where the plan says nothing. */
export function runtimeSpec(plan: ContainerPlan): object {
  const process = runtimeProcess(plan);
  return {
    ociVersion: "1.0.2",
    process,
    root: { path: plan.rootfs, readonly: plan.readOnlyRoot },
    hostname: plan.hostname,
    mounts: [...standardMounts(plan.closedDevices), ...plan.mounts],
    linux: {
      ...(plan.network.answer === "host" ? {} : { sysctl }),
      cgroupsPath: `/lithify-${plan.id}`,
      resources: { devices: deviceRules, ...resourceLimits(plan.limits ?? {}) },
      namespaces: [
        { type: "pid" },
        { type: "mount" },
        { type: "ipc" },
        { type: "uts" },
        ...(plan.network.answer === "host" ? [] : [{ type: "network", path: plan.network.path }]),
      ],
      maskedPaths,
      readonlyPaths,
      seccomp: seccompProfile(globalThis.process.arch, boundingOf(plan)),
    },
  };
}

/** In the words of control groups v1; the runtime translates them where the machine has v2. */
function resourceLimits({ memoryBytes, pids, cpus }: RunLimits): object {
  const period = 100_000; // microseconds
  return {
    ...(memoryBytes === undefined ? {} : { memory: { limit: memoryBytes, swap: memoryBytes } }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
    ...(cpus === undefined ? {} : { cpu: { period, quota: Math.round(cpus * period) } }),
  };
}

/** The `process` object alone: what `runc exec --process` takes. */
export function runtimeProcess(
  plan: Pick<
    ContainerPlan,
    "user" | "command" | "env" | "workingDirectory" | "capabilities" | "noNewPrivileges"
  >,
): RuntimeProcess {
  return {
    terminal: false,
    user: {
      uid: plan.user.uid,
      gid: plan.user.gid,
      additionalGids: plan.user.groups,
    },
    args: plan.command,
    env: plan.env,
    cwd: plan.workingDirectory,
    capabilities: capabilitySets(plan.capabilities, plan.user.uid),
    noNewPrivileges: plan.noNewPrivileges,
  };
}

/** Entrypoint and command as Docker joins them: a given entrypoint drops the image's command, a given command replaces it. */
export function commandOf(
  config: ProcessConfig,
  given: { readonly entrypoint?: readonly string[]; readonly command?: readonly string[] },
): readonly string[] {
  if (given.entrypoint !== undefined) return [...given.entrypoint, ...(given.command ?? [])];
  return [...(config.Entrypoint ?? []), ...(given.command ?? config.Cmd ?? [])];
}

/** The image's environment, then what is added, one value a name; PATH and HOSTNAME as Docker sets them. */
export function environmentOf(
  config: ProcessConfig,
  hostname: string,
  added: readonly string[],
): readonly string[] {
  const defaults = [`PATH=${defaultPath}`, `HOSTNAME=${hostname}`];
  return mergedEnvironment(defaults, config.Env ?? [], added);
}

/** One value a name; of several the last. A name alone has the empty value. */
export function mergedEnvironment(...lists: readonly (readonly string[])[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const pair of lists.flat()) {
    const name = pair.split("=", 1)[0] ?? pair;
    byName.set(name, pair.includes("=") ? pair : `${pair}=`);
  }
  return [...byName.values()];
}

/** Where the standard mounts go: they must exist in the root file system. */
export const standardMountPoints: readonly string[] = ["/proc", "/dev", "/sys"];

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function standardMounts(closed: boolean): readonly RuntimeMount[] {
  const mount = (destination: string, type: string, ...options: readonly string[]) => ({
    destination,
    type,
    source: type,
    options,
  });
  const size = closed ? "8m" : "64m";
  return [
    mount("/proc", "proc", "nosuid", "noexec", "nodev"),
    mount(
      "/dev",
      "tmpfs",
      "nosuid",
      "strictatime",
      "mode=755",
      "size=64k",
      ...(closed ? ["ro"] : []),
    ),
    mount(
      "/dev/pts",
      "devpts",
      "nosuid",
      "noexec",
      "newinstance",
      "ptmxmode=0666",
      "mode=0620",
      "gid=5",
    ),
    mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", `size=${size}`),
    ...(closed ? [] : [mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev")]),
    mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
  ];
}

function boundingOf(plan: ContainerPlan): readonly string[] {
  return capabilitySets(plan.capabilities, plan.user.uid).bounding;
}

/** As Docker since 20.10: low ports and ping need no capability in a network namespace of its own. */
const sysctl = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};

/** Docker's list: nothing, then the harmless nodes and terminals; making nodes is allowed, opening them is not. */
const deviceRules = [
  { allow: false, access: "rwm" },
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  ...[
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 1],
    [5, 2],
  ].map(([major, minor]) => ({ allow: true, type: "c", major, minor, access: "rwm" })),
  { allow: true, type: "c", major: 136, access: "rwm" },
];

const maskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

const readonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];
