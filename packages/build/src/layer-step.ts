import type { Store } from "@lithify/oci";
import type { BuildCache } from "./cache.ts";
import type { LayerEntry } from "./layer/entry.ts";
import type { FileIndex } from "./layer/file-index.ts";
import { writeLayer } from "./layer/write-layer.ts";
import type { Stage } from "./stage.ts";

/** A step that may make a layer: what it depends on, and how it is made when the cache has not got it. */
export interface LayerStep {
  readonly key: string;
  readonly createdBy: string;
  /** The files that directories above its entries are taken from; the stage's own when left out. */
  readonly below?: FileIndex | undefined;
  readonly compression?: "gzip" | "zstd";
  /** Undefined, or no entries, when the step turns out to change no file: it then adds history only. */
  readonly make: () => Promise<{ readonly entries: Iterable<LayerEntry> } | undefined>;
}

/**
 * Adds a step's layer to a stage, from the cache or newly made, or a line of history when it has none.
 * `cached` when the cache had the answer.
 */
export async function takeLayerStep(
  stage: Stage,
  step: LayerStep,
  parts: { readonly store: Store; readonly cache: BuildCache; readonly epoch: number },
): Promise<"cached" | "made"> {
  const found = await parts.cache.find(step.key);
  if (found.answer === "layer") {
    stage.addLayer(found.layer, step.createdBy);
    return "cached";
  }
  if (found.answer === "nothing") {
    stage.note(step.createdBy);
    return "cached";
  }
  const entries = [...((await step.make())?.entries ?? [])];
  if (entries.length === 0) {
    await parts.cache.record(step.key, undefined);
    stage.note(step.createdBy);
    return "made";
  }
  const { compression } = step;
  const written = await writeLayer(parts.store, entries, {
    epoch: parts.epoch,
    below: step.below ?? (await stage.files()),
    ...(compression === undefined ? {} : { compression }),
  });
  await parts.cache.record(step.key, written.layer);
  stage.addLayer(written, step.createdBy);
  return "made";
}
