import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { Room } from "./room.ts";

/**
 * Makes this process the only controller of the rollout; returns what ends that.
 * A lock whose process is gone is taken over. @throws Fault ROLLOUT_BUSY
 */
export function lockRoom(room: Room): () => void {
  const file = join(room.directory, "controller.lock");
  for (let i = 0; i < 3; i++) {
    if (create(file)) return () => rmSync(file, { force: true });
    const holder = holderOf(file);
    if (holder !== undefined && lives(holder)) {
      throw new Fault("ROLLOUT_BUSY", `drive the rollout ${room.name}`, {
        why: `process ${holder.pid} already does`,
        values: { pid: holder.pid },
      });
    }
    rmSync(file, { force: true });
  }
  throw new Fault("ROLLOUT_BUSY", `drive the rollout ${room.name}`, {
    why: "others take its lock at the same moment",
  });
}

interface Holder {
  readonly pid: number;
  /** Start time of the process, so that a pid that is used again is not taken for it. */
  readonly began: string;
}

function create(file: string): boolean {
  try {
    const descriptor = openSync(file, "wx", 0o600);
    writeSync(descriptor, JSON.stringify({ pid: process.pid, began: beganOf(process.pid) }));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function lives(holder: Holder): boolean {
  const began = beganOf(holder.pid);
  return began !== "" && began === holder.began;
}

/** Field 22 of /proc/PID/stat (proc(5)), counted behind the command's closing bracket; empty when it is gone. */
function beganOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
