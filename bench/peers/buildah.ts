import { mkdirSync } from "node:fs";
import type { Builder } from "../builder.ts";
import { baseName } from "../checkout.ts";
import { command, type Finished, programPath } from "../commands.ts";
import type { Workplace } from "../workplace.ts";
import { skopeo } from "./docker.ts";

export interface Buildah {
  /** A layer for every step that changes a file, and a step cache: `--layers`. */
  readonly builder: Builder;
  /** As buildah works unless told otherwise: one layer, no step cache. */
  readonly oneLayerBuilder: Builder;
  /** Seconds to take the base image in. */
  readonly loadSeconds: number;
}

/** What is missing for this peer, or undefined. */
export function buildahMissing(): string | undefined {
  if (programPath("buildah") === undefined)
    return "buildah: the program is missing; install buildah";
  if (programPath("skopeo") === undefined)
    return "buildah: the base image cannot be handed over; install skopeo";
  if (process.getuid?.() !== 0) return "buildah: --isolation chroot is measured as root";
  return undefined;
}

/** A containers-storage of our own (overlay), with the base image under the name of the example's FROM. */
export async function openBuildah(workplace: Workplace, baseLayout: string): Promise<Buildah> {
  const graph = workplace.path("buildah/root");
  const state = workplace.path("buildah/run");
  mkdirSync(graph, { recursive: true });
  mkdirSync(state, { recursive: true });
  const place = `containers-storage:[overlay@${graph}+${state}]`;
  const storage = ["--root", graph, "--runroot", state, "--storage-driver", "overlay"];
  const run = (args: readonly string[]): Promise<Finished> =>
    command(programPath("buildah") ?? "buildah", [...storage, ...args], {
      signal: workplace.signal,
    });
  const { seconds } = await skopeo([`oci:${baseLayout}:image`, `${place}${baseName}`]);
  const builder = (
    name: string,
    layers: readonly string[],
    reference: (tag: string) => string,
  ): Builder => ({
    name,
    hasStepCache: layers.length > 0,
    reference,
    build: ({ context, dockerfile, tag, isCold }) =>
      run([
        ...["bud", "--isolation", "chroot", "--pull-never", ...layers],
        ...["--file", dockerfile, "--tag", reference(tag)],
        ...(isCold ? ["--no-cache"] : []),
        context,
      ]),
    identity: async (tag) =>
      (await run(["images", "--quiet", "--no-trunc", reference(tag)])).stdout.trim(),
    exportTo: async (tag, layout) => {
      await skopeo([`${place}${reference(tag)}`, `oci:${layout}:image`]);
    },
  });
  return {
    builder: builder("buildah bud --layers", ["--layers"], (tag) => `localhost/steps/${tag}`),
    oneLayerBuilder: builder("buildah bud", [], (tag) => `localhost/one/${tag}`),
    loadSeconds: seconds,
  };
}
