import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@lithify/fault";
import { FileWriter } from "./file-writer.ts";
import { stateOfOwner, thisProcess } from "./process-owner.ts";
import { shared } from "./shared-work.ts";

const temporaryPrefix = ".tmp_";
/** A temporary of a process that cannot be looked up is swept after a day. */
const unknowableAge = 24 * 60 * 60 * 1000;

/**
 * Writes a file so that it is there whole or not at all: temporary name in the same directory, fsync, rename,
 * fsync of the directory. `fill` puts the bytes, which it then leaves alone, and gives the final path, in that
 * directory; what it throws itself passes through. With `passing` the memory of the bytes is given back.
 * @throws Fault STORE_FULL, STORE_UNREADABLE; nothing is left behind then
 */
export async function writeDurably<Result extends { readonly path: string }>(
  directory: string,
  fill: (put: (bytes: Uint8Array) => Promise<void>) => Promise<Result>,
  { passing = false }: { readonly passing?: boolean } = {},
): Promise<Result> {
  const name = `${temporaryPrefix}${thisProcess}_${randomBytes(6).toString("hex")}`;
  const temporary = join(directory, name);
  const onStore = <Value>(work: () => Promise<Value>) => onDisk(directory, work);
  try {
    const handle = await onStore(() => open(temporary, "wx", 0o644));
    let result: Result;
    const writer = new FileWriter(handle, { passing });
    try {
      result = await fill((bytes) => onStore(() => writer.put(bytes)));
      await onStore(() => writer.flush());
      await onStore(() => handle.sync());
    } finally {
      await writer.settle();
      await onStore(() => handle.close());
    }
    await onStore(() => rename(temporary, result.path));
    await onStore(() => syncDirectory(dirname(result.path)));
    return result;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Does work on the store's disk. @throws Fault STORE_FULL, STORE_UNREADABLE in place of the system's errors */
export async function onDisk<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(error, path);
  }
}

/** Removes the temporaries that dead processes left in a directory, as far as this user may. */
export async function sweepTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(directory, name);
    const state = stateOfOwner(name.slice(temporaryPrefix.length).split("_")[0] ?? "");
    const isStale = state === "gone" || (state === "unknowable" && (await isOld(path)));
    if (isStale) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Files that were renamed while a sync ran have the next one together. */
const syncDirectory = shared(async (directory) => {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
});

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > unknowableAge;
}

/** Only errors of system calls (they carry `syscall`) become Faults. */
function diskFault(error: unknown, path: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new Fault(isFull ? "STORE_FULL" : "STORE_UNREADABLE", "using the store", {
    why: message,
    values: { path },
    cause: error,
  });
}
