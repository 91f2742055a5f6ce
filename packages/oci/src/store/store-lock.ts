import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@lithify/fault";
import { onDisk } from "./durable-file.ts";
import { stateOfOwner, thisProcess } from "./process-owner.ts";

const lockName = ".index.lock";
const claimPrefix = ".index.claim_";
const pollMilliseconds = 15;
const waitMilliseconds = 90_000;
/** The lock is held for milliseconds; one of an owner that cannot be looked up is stale after a minute. */
const unknowableAge = 60_000;

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while this process alone holds the store's lock. A lock left by a process that died is taken over.
 * @throws Fault STORE_LOCKED when another process holds it for 90 seconds
 */
export async function withStoreLock<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = queues.get(directory) ?? Promise.resolve();
  const run = before.then(() => lockedRun(directory, work));
  const settled = run.catch(() => undefined);
  queues.set(directory, settled);
  try {
    return await run;
  } finally {
    if (queues.get(directory) === settled) queues.delete(directory);
  }
}

async function lockedRun<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const id = `${thisProcess}_${randomBytes(6).toString("hex")}`;
  const own = join(directory, `.tmp_${id}`);
  const lock = join(directory, lockName);
  try {
    await onDisk(directory, () => writeFile(own, id, { flag: "wx" }));
    await onDisk(directory, () => acquire(directory, lock, own));
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined);
    throw error;
  }
  try {
    return await work();
  } finally {
    await onDisk(directory, async () => {
      if ((await textOf(lock)) === id) await rm(lock, { force: true });
    });
  }
}

async function acquire(directory: string, lock: string, own: string): Promise<void> {
  const deadline = Date.now() + waitMilliseconds;
  for (;;) {
    if (await linked(own, lock)) {
      await rm(own);
      return;
    }
    if (await tookOver(directory, lock, own)) return;
    if (Date.now() > deadline) {
      const holder = (await textOf(lock)) ?? "";
      throw new Fault("STORE_LOCKED", "changing the store", {
        values: { directory, process: holder.split("-")[0] ?? "" },
      });
    }
    await sleep(pollMilliseconds);
  }
}

/**
 * A stale lock may be replaced only by the one process that made the claim file named after it, and a stale claim
 * only by the one that claimed that; so two processes that find the same stale lock never both take it.
 */
async function tookOver(directory: string, lock: string, own: string): Promise<boolean> {
  const stale = await staleOwner(lock);
  if (stale === undefined) return false;
  let claim = join(directory, claimPrefix + stale);
  while (!(await linked(own, claim))) {
    const staleClaim = await staleOwner(claim);
    if (staleClaim === undefined) return false;
    claim = join(directory, claimPrefix + staleClaim);
  }
  // Only the holder of the claim may replace this lock, so if it is still there it stays until we do
  if ((await textOf(lock)) !== stale) {
    await rm(claim, { force: true });
    return false;
  }
  await rename(own, lock);
  // Every claim is about a lock that is gone now: whoever still wins one sees another lock and lets go
  for (const name of await readdir(directory)) {
    if (name.startsWith(claimPrefix)) await rm(join(directory, name), { force: true });
  }
  return true;
}

/** The id in a lock or claim file when its process is gone. */
async function staleOwner(path: string): Promise<string | undefined> {
  const id = await textOf(path);
  if (id === undefined) return undefined;
  const state = stateOfOwner(id.split("_")[0] ?? "");
  if (state === "gone") return id;
  if (state === "alive") return undefined;
  // link(2) sets the change time, so it is when the lock was taken
  const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: Date.now() }));
  return Date.now() - ctimeMs > unknowableAge ? id : undefined;
}

/** link(2) creates a name only where there is none, with its content already there. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
