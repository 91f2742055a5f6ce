import type { Instance, InstanceFacts, VolumeTrees } from "@lithify/engine";
import type { Digest, Tree } from "@lithify/oci";
import type { Baseline } from "./baseline.ts";
import type { Change } from "./change.ts";
import { configChanges, confinementChanges } from "./fact-changes.ts";
import { servedChanges } from "./served-changes.ts";
import { treeChanges } from "./tree-changes.ts";
import { volumeChanges } from "./volume-changes.ts";

/** One instance against its baseline. `drifted` is true when at least one change is a violation. */
export interface InstanceDrift {
  readonly name: string;
  readonly image: Digest;
  /** False: the image has no seal, so it was compared with the image itself. */
  readonly sealed: boolean;
  readonly drifted: boolean;
  readonly changes: readonly Change[];
}

/** The `drift` document. */
export interface DriftReport {
  readonly drifted: boolean;
  readonly instances: readonly InstanceDrift[];
}

/** Looks into a running instance and compares every object and fact with the baseline. */
export async function driftOf(instance: Instance, baseline: Baseline): Promise<InstanceDrift> {
  const [live, facts, volumes] = await Promise.all([
    instance.snapshot(),
    instance.facts(),
    instance.volumeTrees(),
  ]);
  const served = await servedChanges(instance, facts);
  return compareInstance(instance, baseline, live, facts, volumes, served);
}

/** The pure part of `driftOf`: what differs between a baseline and what was seen. */
export function compareInstance(
  instance: Pick<Instance, "name" | "image">,
  baseline: Baseline,
  live: Tree,
  facts: InstanceFacts,
  volumes: readonly VolumeTrees[] = [],
  served: readonly Change[] = [],
): InstanceDrift {
  const writable =
    baseline.kind === "sealed" ? resolved(baseline.tree, baseline.policy.writable) : [];
  const changes: readonly Change[] = [
    ...treeChanges(baseline.tree, live, writable),
    ...configChanges(baseline.image.config.config ?? {}, facts),
    ...(baseline.kind === "sealed"
      ? confinementChanges(baseline.policy, baseline.identities, writable, facts)
      : []),
    ...volumeChanges(volumes, facts, writable),
    ...served,
  ];
  return {
    name: instance.name,
    image: instance.image,
    sealed: baseline.kind === "sealed",
    drifted: changes.some((change) => change.class === "violation"),
    changes,
  };
}

export function reportOf(instances: readonly InstanceDrift[]): DriftReport {
  return { drifted: instances.some((instance) => instance.drifted), instances };
}

/** Writable paths as written and as they are reached through links, so that either spelling is recognised. */
function resolved(tree: Tree, paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const resolution = tree.resolve(path);
    return resolution.answer === "reached" && resolution.node.path !== path
      ? [path, resolution.node.path]
      : [path];
  });
}
