import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The checkout's root, absolute. */
export const root = join(import.meta.dirname, "..");

/** Runs a program with its output shown; the exit code. */
export function run(command: string, args: readonly string[], cwd = root): number {
  const result = spawnSync(command, args, { stdio: "inherit", cwd });
  if (result.error) throw result.error;
  return result.status ?? 1;
}
