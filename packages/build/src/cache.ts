import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Descriptor, isDigest, type Layer, layerFromBlob, type Store } from "@lithify/oci";

/** Part of every key: changes when a step would make other bytes of the same inputs. */
const keyVersion = 1;

/** What a step with this key made: a layer, `nothing` (it changed no file), or `unknown`. */
export type CacheAnswer =
  | { readonly answer: "layer"; readonly layer: Layer }
  | { readonly answer: "nothing" }
  | { readonly answer: "unknown" };

/** Steps already done, by key. What it holds is a hint: a record that is damaged, or whose layer is gone, is unknown. */
export class BuildCache {
  readonly #store: Store;
  readonly #directory: string;
  readonly #reads: boolean;

  constructor(store: Store, options: { readonly reads: boolean }) {
    this.#store = store;
    this.#directory = join(store.cacheDirectory("build"), "steps");
    this.#reads = options.reads;
  }

  async find(key: string): Promise<CacheAnswer> {
    if (!this.#reads) return { answer: "unknown" };
    try {
      const record: unknown = JSON.parse(await readFile(this.#file(key), "utf8"));
      if (!isRecord(record) || record.key !== key) return { answer: "unknown" };
      if (record.layer === null) return { answer: "nothing" };
      const { descriptor, diffId } = record.layer;
      if (!(await this.#store.has(descriptor.digest))) return { answer: "unknown" };
      return { answer: "layer", layer: layerFromBlob(this.#store, descriptor, diffId) };
    } catch {
      return { answer: "unknown" };
    }
  }

  /** Best effort: a cache that cannot be written makes the next build slower, not this one wrong. */
  async record(key: string, layer: Layer | undefined): Promise<void> {
    const record: CacheRecord = {
      key,
      layer: layer === undefined ? null : { descriptor: layer.descriptor, diffId: layer.diffId },
    };
    const temporary = `${this.#file(key)}.${randomUUID()}`;
    try {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(temporary, JSON.stringify(record));
      await rename(temporary, this.#file(key));
    } catch {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  #file(key: string): string {
    return join(this.#directory, `${key}.json`);
  }
}

/** The key of a step: a hash over everything it depends on. */
export function cacheKey(inputs: readonly unknown[]): string {
  return createHash("sha256")
    .update(JSON.stringify([keyVersion, ...inputs]))
    .digest("hex");
}

interface CacheRecord {
  readonly key: string;
  readonly layer: { readonly descriptor: Descriptor; readonly diffId: Layer["diffId"] } | null;
}

function isRecord(value: unknown): value is CacheRecord {
  if (typeof value !== "object" || value === null || !("key" in value) || !("layer" in value))
    return false;
  const layer = value.layer as Partial<NonNullable<CacheRecord["layer"]>> | null;
  if (layer === null) return true;
  const descriptor = layer.descriptor as Partial<Descriptor> | undefined;
  return (
    isDigest(String(layer.diffId)) &&
    isDigest(String(descriptor?.digest)) &&
    typeof descriptor?.size === "number" &&
    typeof descriptor.mediaType === "string"
  );
}
