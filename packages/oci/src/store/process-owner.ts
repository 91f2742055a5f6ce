import { readFileSync, readlinkSync } from "node:fs";

/**
 * Who made a temporary or lock file: process id, start time, boot and pid namespace, as text for a file name.
 * A process id alone would be taken again by another process.
 */
export const thisProcess: string = ownerText();

/**
 * `alive` or `gone` when this machine can tell; `unknowable` for a process of another boot, host or pid namespace.
 */
export function stateOfOwner(owner: string): "alive" | "gone" | "unknowable" {
  const [pid, start, scope] = owner.split("-");
  const [, , ownScope] = thisProcess.split("-");
  if (pid === undefined || !/^[1-9][0-9]*$/.test(pid) || scope === undefined) return "unknowable";
  if (scope !== ownScope) return "unknowable";
  const now = startTimeOf(pid);
  if (now !== undefined) return now === start ? "alive" : "gone";
  // /proc may hide other users' processes, or not be there at all
  return isRunning(Number(pid)) ? "unknowable" : "gone";
}

function ownerText(): string {
  return `${process.pid}-${startTimeOf(String(process.pid)) ?? "0"}-${scopeText()}`;
}

/** Field 22 of /proc/PID/stat (proc(5)); the second field, the command's name, may hold spaces and brackets. */
function startTimeOf(pid: string): string | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function scopeText(): string {
  const boot = textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
  const space = textOf(() => readlinkSync("/proc/self/ns/pid"));
  return `${boot?.slice(0, 8) ?? "local"}.${space?.replace(/\D/g, "") ?? "0"}`;
}

function textOf(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
