import type { ManifestPlace } from "../access/manifest-place.ts";
import type { SecurityContext } from "../identity/security-context.ts";

/** Something that a manifest says, with its place. */
export interface Said<T> {
  readonly value: T;
  readonly place: ManifestPlace;
}

/** The three texts that start a container. */
export type LaunchFormat = "kubernetes" | "compose" | "docker-run";

/** How one container is started by a Kubernetes manifest, a compose file or a `docker run` line: what decides whether the image stays sealed. */
export interface Launch {
  readonly format: LaunchFormat;
  /** `deployment/echo:web`, `compose:web`, `docker run echo:sealed`: the name of its identity in the report. */
  readonly name: string;
  /** The container's own name: what `--container` takes. */
  readonly container: string;
  /** Started by itself: no init container, no ephemeral one. */
  readonly isMain: boolean;
  readonly place: ManifestPlace;
  /** As written; absent where an image is built. */
  readonly image?: Said<string>;
  readonly user: LaunchUser;
  /** Of what decides the user, or of the container. */
  readonly userPlace: ManifestPlace;
  /** With the place of the setting, or of the container where it is not set. */
  readonly readOnlyRoot: Said<boolean>;
  readonly privileged?: ManifestPlace;
  readonly mounts: readonly LaunchMount[];
  /** Devices of the host that the process may write, by their path in the container. */
  readonly devices: readonly Said<string>[];
  /** Why processes of others see this one's /proc entries, one clause each. */
  readonly sharedProcesses: readonly Said<string>[];
  /** Set where `/proc/sys` and the like are not covered. */
  readonly unmasked?: ManifestPlace;
  readonly command: LaunchCommand;
  /** What decides and cannot be told from the text; each fails the audit. */
  readonly unknown: readonly Said<string>[];
  /** What is left open, one sentence each. */
  readonly open: readonly string[];
}

/** Who the process is, in the words of the engine that starts it. */
export type LaunchUser =
  | {
      readonly by: "kubernetes";
      readonly context: SecurityContext;
      readonly runAsNonRoot: boolean;
    }
  | {
      readonly by: "docker";
      /** As `-u` takes it; the image's USER when left out. */
      readonly user?: string;
      readonly groups: readonly string[];
      readonly context: Pick<
        SecurityContext,
        "addCapabilities" | "dropCapabilities" | "privileged"
      >;
      readonly noNewPrivileges: boolean;
    };

/** Something that is mounted into the container. */
export interface LaunchMount {
  /** Absolute, in the container. */
  readonly target: string;
  /** In words: `the emptyDir scratch`, `a tmpfs`, `/srv of the host`. */
  readonly what: string;
  readonly writable: boolean;
  /** The path on the host, where it is known. */
  readonly hostPath?: string;
  readonly place: ManifestPlace;
}

/** What a manifest puts in the place of the image's own command, environment and directory. */
export interface LaunchCommand {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** `NAME=value`, over the image's. */
  readonly env: readonly string[];
  readonly workingDirectory?: string;
  /** Instead of the image's HEALTHCHECK; empty: none. */
  readonly health?: readonly string[];
  /** Started besides: probes and hooks, with what to call them. */
  readonly more: readonly (readonly [string, readonly string[]])[];
}
