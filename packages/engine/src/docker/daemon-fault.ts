import { readFileSync } from "node:fs";
import { Fault } from "@lithify/fault";
import type { ContainerInspectInfo } from "dockerode";
import type { RunSpec } from "../engine.ts";

/** What the daemon answered, or why it could not be asked, as a fault. */
export function daemonFault(
  cause: unknown,
  what: string,
  more: { readonly socket?: string; readonly why?: string; readonly code?: "NETWORK_MISSING" } = {},
): Fault {
  if (cause instanceof Fault) return cause;
  const unreachable = !(cause instanceof Error && "statusCode" in cause);
  const code = more.code ?? (unreachable ? "DAEMON_UNREACHABLE" : "DAEMON_REFUSED");
  return new Fault(code, what, {
    why: more.why ?? messageOf(cause),
    ...(more.socket === undefined ? {} : { values: { socket: more.socket } }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Why a container was not made or did not start, by what the daemon says: it has no codes for it.
 * Texts of Docker 20.10 to 28 and of runc 1.1.
 */
export function startFault(cause: unknown, spec: RunSpec, container: string): unknown {
  if (cause instanceof Fault) return cause;
  const why = messageOf(cause);
  const name = spec.name ?? container;
  for (const [pattern, faultOf] of refusals) if (pattern.test(why)) return faultOf(why, name, spec);
  const isAnswer = cause instanceof Error && "statusCode" in cause;
  if (!isAnswer) return daemonFault(cause, "start an instance");
  return new Fault("INSTANCE_START_FAILED", "start an instance", {
    why: why.replace(/^failed to create shim task: /, ""),
    values: { name },
    cause,
  });
}

const refusals: readonly (readonly [
  RegExp,
  (why: string, name: string, spec: RunSpec) => Fault,
])[] = [
  [
    /port is already allocated|address already in use/,
    (why, _, spec) => {
      const named = spec.publish?.find(({ hostPort }) => why.includes(`:${hostPort}`));
      const port = named?.hostPort ?? spec.publish?.[0]?.hostPort ?? 0;
      return new Fault("PORT_IN_USE", `publish port ${port}`, { why, values: { port } });
    },
  ],
  [
    /name ".*" is already in use/,
    (_, name) => new Fault("NAME_IN_USE", `the name ${name}`, { values: { name } }),
  ],
  [
    /unable to find (?:user|group)|no matching entries in passwd/,
    (why, _, spec) =>
      new Fault("IDENTITY_UNKNOWN", `the user ${spec.user ?? ""}`, {
        why,
        values: { user: spec.user ?? "" },
      }),
  ],
  [
    /bind source path|error mounting|invalid mount|not a directory|mount destination/,
    (why) => new Fault("MOUNT_INVALID", "a mount of the instance", { why }),
  ],
];

/** The daemon's own words without those of the library around them. */
export function messageOf(cause: unknown): string {
  if (cause === undefined) return "";
  const json = typeof cause === "object" && cause !== null && "json" in cause ? cause.json : null;
  if (typeof json === "object" && json !== null && "message" in json) return String(json.message);
  return cause instanceof Error ? cause.message : String(cause);
}

/** Throws Fault DAEMON_REMOTE unless the container's process is one of this machine: a socket may be forwarded from another. */
export function checkLocal({ Id, State }: Pick<ContainerInspectInfo, "Id" | "State">): void {
  const files = ["cgroup", "mountinfo"].map((name) => textOrNothing(`/proc/${State.Pid}/${name}`));
  if (files.some((text) => text.includes(Id))) return;
  throw new Fault("DAEMON_REMOTE", "look into a container", {
    why: "its process is not one of this machine, or may not be read",
    values: { id: Id, pid: State.Pid },
  });
}

function textOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
