import type { Identity, StandIn } from "@lithify/seal";
import { parseStatus } from "../local/kernel-facts.ts";
import { capabilitiesFromMask } from "../runtime/capabilities.ts";
import type { ProbeAnswer } from "./run-probe.ts";
import { callNumbers, systemCallProgram } from "./system-call-program.ts";

/** What a stand-in gained, by what it wrote; `differs` when it is something else than the model says. */
export function gainOf(
  standIn: Pick<StandIn, "gained">,
  identity: Pick<Identity, "uid" | "gid" | "capabilities">,
  run: ProbeAnswer | undefined,
): ProbeAnswer {
  // EPERM of execve(2): a capability outside the bounding set.
  if (run?.errno === "EPERM") return { observed: "denied", errno: "EPERM" };
  if (run?.output === undefined) return notStarted(run);
  const status = Buffer.from(run.output, "base64").subarray(0, statusSize).toString("latin1");
  const { uid, gid } = parseStatus(status);
  const permitted = capabilitiesFromMask(/^CapPrm:\s*(\S+)/m.exec(status)?.[1] ?? "0");
  const more = permitted.filter((name) => !identity.capabilities.includes(name));
  const who = `as ${uid}:${gid} with ${permitted.length === 0 ? "no capabilities" : permitted.join()}`;
  if (uid === identity.uid && gid === identity.gid && more.length === 0)
    return { observed: "denied", why: who };
  const { gained } = standIn;
  const isForeseen =
    uid === gained.uid &&
    gid === gained.gid &&
    permitted.every((name) => gained.capabilities.includes(name)) &&
    (identity.capabilities.length > 0 || permitted.length === gained.capabilities.length);
  return { observed: "allowed", why: who, ...(isForeseen ? {} : { differs: true }) };
}

/** The answer where a program could not be executed, or wrote nothing. */
export function notStarted(run: ProbeAnswer | undefined): ProbeAnswer {
  return {
    observed: "inconclusive",
    ...(run?.errno === undefined ? {} : { errno: run.errno }),
    why: "the program of the proof could not be started",
  };
}

/** Writes proc_pid_status(5) of itself, and nothing else. */
export function statusProgram(): Buffer {
  const status = new Uint8Array(statusSize);
  const name = Buffer.from("/proc/self/status\0");
  return systemCallProgram([
    { number: callNumbers.close, args: [3] },
    { number: callNumbers.open, args: [name, 0] },
    { number: callNumbers.read, args: [3, status, status.length] },
    { number: callNumbers.write, args: [1, status, status.length] },
  ]);
}

const statusSize = 8192;
