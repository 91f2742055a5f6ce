import type { Digest, Image, Tree } from "@lithify/oci";
import type { Identity } from "@lithify/seal";
import type { MountedVolume, VolumeSpec, VolumeTrees } from "./volume/volume.ts";

/** What to run and how. Read-only root, no capabilities and no new privileges unless `mutable`. */
export interface RunSpec {
  readonly image: Image;
  /** The name of the instance; a generated one when left out. */
  readonly name?: string;
  /** As `docker run -u`; the image's USER when left out. */
  readonly user?: string;
  /** Exactly these ids and rights instead of what `user` would give: for the proof. Throws Fault IDENTITY_DIFFERS where an engine cannot. */
  readonly as?: Pick<
    Identity,
    "uid" | "gid" | "groups" | "capabilities" | "bounding" | "noNewPrivileges"
  >;
  /** Replaces the image's entrypoint, as `docker run --entrypoint`; its command is then not used either. */
  readonly entrypoint?: readonly string[];
  /** Replaces the image's command; the entrypoint stays in front of it. */
  readonly command?: readonly string[];
  /** Added to the image's environment. */
  readonly env?: readonly string[];
  readonly publish?: readonly PortMapping[];
  /** Paths that get a tmpfs; ignored when `mutable`. */
  readonly writable?: readonly string[];
  /** As `docker run` without options would: writable root, default capabilities. To see the difference. */
  readonly mutable?: boolean;
  /** Sealed in everything but the root, which is writable: for the proof, where the image alone must protect. */
  readonly writableRoot?: boolean;
  /** Kept with the instance, shown by `ps`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the whole container; none when left out. */
  readonly limits?: RunLimits;
  readonly readOnlyMounts?: readonly { readonly source: string; readonly target: string }[];
  /** Checked first: a volume that is not as sealed starts nothing (Fault VOLUME_INVALID). */
  readonly volumes?: readonly VolumeSpec[];
}

/** What a container may use, by its control group: v1 or v2. */
export interface RunLimits {
  /** Swap included. */
  readonly memoryBytes?: number;
  readonly pids?: number;
  /** 1.5: one and a half processors' time. */
  readonly cpus?: number;
}

export interface PortMapping {
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** 0: any free one. */
  readonly hostPort: number;
  readonly containerPort: number;
}

/** One way to run images. Every engine passes the contract suite in `test/contract.ts`. */
export interface Engine {
  readonly name: "local" | "docker" | "kubernetes";
  /** Starts an instance and returns when its process runs. Throws Fault RUNTIME_MISSING, PORT_IN_USE, … with nothing left behind. */
  run(spec: RunSpec, options?: { readonly signal?: AbortSignal }): Promise<Instance>;
  list(): Promise<readonly Instance[]>;
  /** By name, or by a unique prefix of the id. */
  find(nameOrId: string): Promise<Instance | undefined>;
}

/** One running (or ended) container. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly image: Digest;
  readonly labels: Readonly<Record<string, string>>;
  readonly mutable: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly published: readonly Required<PortMapping>[];
  readonly volumes: readonly MountedVolume[];
  state(): Promise<InstanceState>;
  /** Where this machine reaches a port of the instance directly, without the published port. */
  address(containerPort: number): { readonly host: string; readonly port: number };
  /** Everything written to stdout and stderr so far, then, with `follow`, until it ends. */
  logs(options?: {
    readonly follow?: boolean;
    readonly signal?: AbortSignal;
  }): AsyncIterable<string>;
  /**
   * Runs a command inside, with the same identity unless `user` is given. Output is limited to 16 MiB.
   * `files` of this machine are open for it, to read, as /proc/self/fd/3, /proc/self/fd/4, …
   */
  exec(
    command: readonly string[],
    options?: {
      readonly user?: string;
      readonly stdin?: string;
      /** Added to the environment of the instance. */
      readonly env?: readonly string[];
      readonly files?: readonly string[];
    },
  ): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  /** SIGTERM (or the image's StopSignal), then SIGKILL after the grace time (10 s); removes what the instance used. */
  stop(options?: { readonly graceSeconds?: number }): Promise<{ readonly exitCode: number }>;
  /** The file tree as the process sees it now, mounts left out, content digests included. */
  snapshot(): Promise<Tree>;
  /** Paths that the writable layer holds, a superset of what was changed since the start; undefined when the engine cannot tell. */
  touched(): Promise<readonly string[] | undefined>;
  facts(): Promise<InstanceFacts>;
  /** The mounted volumes, which snapshots leave out, as sealed and as the process sees them now. */
  volumeTrees(): Promise<readonly VolumeTrees[]>;
}

export type InstanceState =
  | { readonly answer: "running"; readonly pid: number }
  | { readonly answer: "ended"; readonly exitCode: number };

/** What an engine really gave the process, read from the kernel where it can be. */
export interface InstanceFacts {
  readonly env: readonly string[];
  /** What runs now, as the kernel shows it. */
  readonly command: readonly string[];
  /** What the engine was told to start: entrypoint and command. */
  readonly started: readonly string[];
  readonly workingDirectory: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly {
    readonly target: string;
    readonly type: string;
    readonly readOnly: boolean;
  }[];
}
