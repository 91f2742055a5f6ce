import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../host/program.ts";
import { unmountBelow } from "../root/overlay.ts";
import { closeNetwork } from "./network.ts";
import { type InstancePaths, type InstanceRecord, releaseName, runtimeRoot } from "./state.ts";

/** Ends and removes everything an instance used, but not its record and its log. Safe to repeat, also after a crash at any point. */
export async function releaseResources(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
): Promise<void> {
  const { programs } = record;
  await runProgram(programs.runc, ["--root", runtimeRoot(state), "delete", "--force", record.id]);
  await closeNetwork(programs, record.id, record.network);
  await unmountBelow(programs, paths.directory);
  for (const part of [
    "bundle",
    "rootfs",
    "upper",
    "work",
    "points",
    "points-work",
    "names",
    "empty",
    "files",
  ])
    await rm(join(paths.directory, part), { recursive: true, force: true });
}

/** Removes the record and the log too: the instance is no longer listed. */
export async function forget(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
): Promise<void> {
  await releaseName(state, record.name, record.id);
  await rm(paths.directory, { recursive: true, force: true });
}
