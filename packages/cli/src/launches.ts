import { resolve } from "node:path";
import {
  chooseLaunches,
  composeLaunches,
  dockerRunLaunch,
  kubernetesLaunches,
  type Launch,
} from "@lithify/seal";
import type { Options } from "./command.ts";
import type { Context } from "./context.ts";
import { readText } from "./read-text.ts";

/**
 * How the manifests of --pod, --compose and --docker-run start this image, --container's choice among them.
 * Throws Fault LAUNCH_INVALID, and USAGE where it is not clear which container runs the image.
 */
export async function launchesFor(
  context: Context,
  image: string,
  options: Options,
): Promise<readonly Launch[]> {
  const read = (file: string) => readText(resolve(context.cwd, file), "the manifest");
  const found: Launch[] = [];
  for (const file of options.list("pod")) {
    found.push(...(await kubernetesLaunches(await read(file), file)));
  }
  for (const file of options.list("compose")) {
    found.push(...(await composeLaunches(await read(file), file)));
  }
  for (const line of options.list("dockerRun")) found.push(await dockerRunLaunch(line));
  const containers = options.list("container");
  if (found.length === 0) return [];
  return chooseLaunches(found, image, containers);
}
