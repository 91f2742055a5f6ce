import { setTimeout as sleep } from "node:timers/promises";
import { forget, releaseResources } from "./clean-up.ts";
import {
  type InstanceRecord,
  instancePaths,
  isAlive,
  type ProcessMark,
  readRecord,
  writeRecord,
} from "./state.ts";

/** Exit code of what was killed: 128 and SIGKILL, as a shell counts. */
const killed = 137;
const pollMilliseconds = 10;

/**
 * The record of an instance as it is now; undefined for none. When the process that should watch over it is
 * gone, everything it left is ended and removed first: a half-started instance is forgotten, a running one ended.
 */
export async function currentRecord(
  state: string,
  id: string,
): Promise<InstanceRecord | undefined> {
  const paths = instancePaths(state, id);
  const record = await readRecord(paths);
  if (record === undefined || record.phase.answer === "ended") return record;
  if (isAlive(record.phase.by)) return record;
  const again = await readRecord(paths);
  if (again === undefined || again.phase.answer !== record.phase.answer) return again;
  await releaseResources(state, paths, record);
  if (record.phase.answer === "starting") {
    await forget(state, paths, record);
    return undefined;
  }
  const { by } = record.phase;
  const ended: InstanceRecord = { ...record, phase: { answer: "ended", by, exitCode: killed } };
  await writeRecord(paths, ended);
  return ended;
}

/** Waits until the instance has ended or `milliseconds` have passed; resolves to the record then. */
export async function waitForEnd(
  state: string,
  id: string,
  milliseconds: number,
): Promise<InstanceRecord | undefined> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const record = await currentRecord(state, id);
    if (record === undefined || record.phase.answer === "ended") return record;
    if (performance.now() >= deadline) return record;
    await sleep(pollMilliseconds);
  }
}

/** Waits until a process that has nothing more to do is gone. */
export async function waitUntilGone(mark: ProcessMark): Promise<void> {
  while (isAlive(mark)) await sleep(1);
}
