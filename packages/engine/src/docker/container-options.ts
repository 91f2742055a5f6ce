import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { normalize } from "node:path";
import { Fault } from "@lithify/fault";
import type { ContainerCreateOptions, MountSettings } from "dockerode";
import type { PortMapping, RunSpec } from "../engine.ts";
import { markOf } from "../local/state.ts";
import { commandOf } from "../runtime/runtime-spec.ts";
import {
  type ContainerVolumes,
  noVolumes,
  volumeLabel,
  volumeLabelName,
} from "./docker-volumes.ts";

/** What the tool notes on its containers: by these it knows them again. */
export const labels = {
  /** Digest of the image's manifest, which Docker itself does not keep. */
  image: "io.lithify.image",
  mutable: "io.lithify.mutable",
  /** The process that starts it, until it runs. */
  by: "io.lithify.by",
  /** Command as started, and the caller's own labels. */
  started: "io.lithify.started",
  own: "io.lithify.labels",
} as const;

const prefix = "lithify-";

/** Docker takes no name of one letter, and its containers share one list of names with everybody else's. */
export function nameOfContainer(name: string): string {
  return name.replace(/^\//, "").replace(prefix, "");
}

/** Throws Fault NAME_INVALID, COMMAND_MISSING, MOUNT_INVALID, IDENTITY_DIFFERS for what Docker or no engine takes. */
export async function checkSpec(spec: RunSpec): Promise<void> {
  if (spec.name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(spec.name))
    throw new Fault("NAME_INVALID", "a name for an instance", { values: { name: spec.name } });
  if (commandOf(spec.image.config.config ?? {}, spec).length === 0)
    throw new Fault("COMMAND_MISSING", "start an instance", {
      values: { image: spec.image.digest },
    });
  if (spec.as !== undefined && spec.as.uid !== 0 && spec.as.capabilities.length > 0)
    throw new Fault("IDENTITY_DIFFERS", `uid ${spec.as.uid} with ${spec.as.capabilities.join()}`, {
      why: "Docker gives a user other than root no effective capabilities",
      hint: "Prove it with the local engine: --engine local.",
    });
  const mounts = spec.readOnlyMounts ?? [];
  for (const path of [...(spec.writable ?? []), ...mounts.map(({ target }) => target)])
    if (!path.startsWith("/") || normalize(path) === "/")
      throw badMount(path, "it must be an absolute path below /");
  for (const { source } of mounts)
    if ((await stat(source).catch(() => undefined)) === undefined)
      throw badMount(source, "there is no such file or directory");
}

function badMount(path: string, why: string): Fault {
  return new Fault("MOUNT_INVALID", "a mount of the instance", { why, values: { path } });
}

/** The container of the Docker API (1.41) for a run: sealed, or as `docker run` without options when `mutable`. */
export function containerOptions(
  spec: RunSpec,
  image: string,
  network: "bridge" | "none",
  volumes: ContainerVolumes = noVolumes,
): ContainerCreateOptions & { readonly name: string } {
  const config = spec.image.config.config ?? {};
  const name = spec.name ?? `i-${randomBytes(4).toString("hex")}`;
  const command = commandOf(config, spec);
  const isMutable = spec.mutable === true;
  return {
    name: `${prefix}${name}`,
    Hostname: name,
    Image: image,
    Entrypoint: [command[0] ?? ""],
    Cmd: command.slice(1),
    Env: [...(spec.env ?? [])],
    ...userOf(spec),
    Labels: {
      [labels.image]: spec.image.digest,
      [labels.mutable]: String(isMutable),
      [labels.by]: JSON.stringify(markOf(process.pid)),
      [labels.started]: JSON.stringify(command),
      [labels.own]: JSON.stringify(spec.labels ?? {}),
      ...(volumes.volumes.length === 0 ? {} : { [volumeLabelName]: volumeLabel(volumes) }),
    },
    ExposedPorts: Object.fromEntries(
      (spec.publish ?? []).map(({ containerPort }) => [`${containerPort}/tcp`, {}]),
    ),
    HostConfig: {
      NetworkMode: network,
      PortBindings: portBindings(spec.publish ?? []),
      LogConfig: { Type: "json-file", Config: { "max-size": "8m", "max-file": "2" } },
      Mounts: [...volumes.mounts, ...(spec.readOnlyMounts ?? [])].map(
        ({ source, target }): MountSettings => ({
          Type: "bind",
          Source: source,
          Target: target,
          ReadOnly: true,
        }),
      ),
      ...limitsOf(spec),
      ...(isMutable ? {} : sealedHost(spec)),
    },
  };
}

function userOf({ user, as }: RunSpec): { readonly User?: string } {
  if (as !== undefined) return { User: `${as.uid}:${as.gid}` };
  return user === undefined ? {} : { User: user };
}

function rightsOf({ as }: RunSpec): object {
  if (as === undefined) return { SecurityOpt: ["no-new-privileges"] };
  const { capabilities, bounding = [], noNewPrivileges, gid, groups } = as;
  return {
    SecurityOpt: noNewPrivileges ? ["no-new-privileges"] : [],
    GroupAdd: groups.filter((group) => group !== gid).map(String),
    CapAdd: [...new Set([...capabilities, ...bounding])],
  };
}

function portBindings(publish: readonly PortMapping[]): Record<string, object[]> {
  const bindings: Record<string, object[]> = {};
  for (const { host = "127.0.0.1", hostPort, containerPort } of publish) {
    const key = `${containerPort}/tcp`;
    // An empty HostPort is Docker's "any free one".
    const HostPort = hostPort === 0 ? "" : String(hostPort);
    bindings[key] = [...(bindings[key] ?? []), { HostIp: host, HostPort }];
  }
  return bindings;
}

function limitsOf({ limits = {} }: RunSpec): object {
  const { memoryBytes, pids, cpus } = limits;
  return {
    ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(pids === undefined ? {} : { PidsLimit: pids }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
  };
}

/** /dev is closed as in the local engine: a tmpfs of its own, which the runtime makes read-only once the devices are in it. */
function sealedHost(spec: RunSpec): object {
  const writable = (spec.writable ?? []).map((path) => [
    path,
    "rw,nosuid,nodev,noexec,mode=1777,size=64m",
  ]);
  return {
    ReadonlyRootfs: spec.writableRoot !== true,
    CapDrop: ["ALL"],
    ...rightsOf(spec),
    Tmpfs: {
      "/dev": "ro,dev,exec,nosuid,mode=755,size=64k",
      "/dev/shm": "rw,nosuid,nodev,noexec,mode=1777,size=8m",
      ...Object.fromEntries(writable),
    },
  };
}
