import { chmodSync, cpSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";
import type { BuildDocument } from "./small-image.ts";
import { root } from "./sources.ts";

/** The image that the example's Dockerfile names, and what stands for it here. */
export const baseContext = "icr.io/cpopen/datapower/datapower-limited:10.6.0.0=gateway-base";

/** A copy of the example with the group write that a checkout under umask 002 has, and other times. */
export function copyExample(directory: string, time = new Date(1e12)): string {
  cpSync(join(root, "examples", "echo-gateway"), directory, { recursive: true });
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() ? 0o775 : 0o664);
    utimesSync(path, time, time);
  }
  chmodSync(directory, 0o775);
  return directory;
}

export function buildExample(
  place: Place,
  context: string,
  ref: string,
  ...more: readonly string[]
): Promise<BuildDocument> {
  return place.ask(["build", context, "--tag", ref, "--build-context", baseContext, ...more]);
}
