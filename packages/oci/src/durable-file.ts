import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@lithify/fault";
import { stateOfOwner, thisProcess } from "./process-owner.ts";

const temporaryPrefix = ".tmp_";
/** A temporary of a process that cannot be looked up is swept after a day. */
const unknowableAge = 24 * 60 * 60 * 1000;

/**
 * Writes a file so that it is there whole or not at all: temporary name in the same directory, fsync, rename,
 * fsync of the directory. `fill` writes and gives the final path, in that directory.
 * @throws Fault STORE_FULL, STORE_UNREADABLE; nothing is left behind then
 */
export async function writeDurably<Result extends { readonly path: string }>(
  directory: string,
  fill: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const temporary = join(
    directory,
    `${temporaryPrefix}${thisProcess}_${randomBytes(6).toString("hex")}`,
  );
  try {
    const handle = await open(temporary, "wx", 0o644);
    let result: Result;
    try {
      result = await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, result.path);
    await syncDirectory(dirname(result.path));
    return result;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskFault(error, directory);
  }
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes the temporaries that dead processes left in a directory. */
export async function sweepTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(directory, name);
    const state = stateOfOwner(name.slice(temporaryPrefix.length).split("_")[0] ?? "");
    const isStale = state === "gone" || (state === "unknowable" && (await isOld(path)));
    if (isStale) await rm(path, { force: true });
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > unknowableAge;
}

/** A Fault for what the disk answered; other errors as they are. */
export function diskFault(error: unknown, path: string): unknown {
  if (error instanceof Fault) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Fault("STORE_FULL", "writing to the store", { values: { path }, cause: error });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    const why = (error as Error).message;
    return new Fault("STORE_UNREADABLE", "using the store", {
      why,
      values: { path },
      cause: error,
    });
  }
  return error;
}
