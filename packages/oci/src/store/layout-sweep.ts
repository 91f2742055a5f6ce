import { link, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, isDigest } from "../blob/digest.ts";
import { readDocument } from "../image/image-open.ts";
import type { Descriptor } from "../image/manifest.ts";
import { indexMediaTypes, parseIndex, parseManifest } from "../image/manifest-parse.ts";
import { onDisk } from "./durable-file.ts";
import { changeLayoutIndex, refNameAnnotation } from "./layout-index.ts";
import { thisProcess } from "./process-owner.ts";
import type { Store } from "./store.ts";

export interface SweepReport {
  readonly removed: readonly Digest[];
  /** Bytes of the removed blobs. */
  readonly bytes: number;
  readonly kept: number;
  /** Blobs without a name that are too young. */
  readonly young: number;
}

/**
 * Removes the blobs that no named image, nor anything attached to one, reaches (mark and sweep), under the store's
 * lock. A blob that was written or asked for within `age` milliseconds stays: a writer that runs may be about to name it.
 * @throws Fault STORE_LOCKED, STORE_UNREADABLE, and what a damaged manifest gives; then nothing is removed
 */
export async function sweepLayout(
  store: Store,
  options: { readonly age: number; readonly dryRun?: boolean; readonly now?: number },
): Promise<SweepReport> {
  const now = options.now ?? Date.now();
  const removed: Digest[] = [];
  let bytes = 0;
  let kept = 0;
  let young = 0;
  const isDry = options.dryRun === true;
  await changeLayoutIndex(store.directory, async (descriptors) => {
    const { reached, live } = await mark(store, descriptors);
    const blobs = join(store.directory, "blobs", "sha256");
    for (const { digest, path, size, mtimeMs } of await blobsIn(blobs)) {
      if (reached.has(digest)) kept += 1;
      else if (now - mtimeMs < options.age) young += 1;
      else if (isDry || (await onDisk(blobs, () => removeOld(path, blobs, now - options.age)))) {
        removed.push(digest);
        bytes += size;
      } else young += 1;
    }
    return isDry || live.length === descriptors.length ? descriptors : live;
  });
  return { removed, bytes, kept, young };
}

async function blobsIn(directory: string) {
  const found: { digest: Digest; path: string; size: number; mtimeMs: number }[] = [];
  for (const name of await onDisk(directory, () => readdir(directory))) {
    const digest = `sha256:${name}`;
    const path = join(directory, name);
    const state = isDigest(digest) ? await stat(path).catch(() => undefined) : undefined;
    if (state === undefined) continue;
    found.push({ digest: digest as Digest, path, size: state.size, mtimeMs: state.mtimeMs });
  }
  return found;
}

/** Everything with a name, and artifacts whose subject is alive. */
async function mark(store: Store, descriptors: readonly Descriptor[]) {
  const reached = new Set<Digest>();
  const attached: { readonly descriptor: Descriptor; readonly subject: Digest }[] = [];
  const live = new Set<Descriptor>();
  for (const descriptor of descriptors) {
    const subject = await subjectOf(store, descriptor);
    if (subject !== undefined) attached.push({ descriptor, subject });
    else {
      live.add(descriptor);
      await reach(store, descriptor, reached);
    }
  }
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const { descriptor, subject } of attached) {
      if (live.has(descriptor) || !reached.has(subject)) continue;
      live.add(descriptor);
      await reach(store, descriptor, reached);
      isGrowing = true;
    }
  }
  return { reached, live: descriptors.filter((each) => live.has(each)) };
}

async function subjectOf(store: Store, descriptor: Descriptor): Promise<Digest | undefined> {
  const isNamed = descriptor.annotations?.[refNameAnnotation] !== undefined;
  if (isNamed || indexMediaTypes.includes(descriptor.mediaType)) return undefined;
  return parseManifest(await readDocument(store, descriptor), descriptor.digest).subject?.digest;
}

/** Of an index, a member may be missing: a copy of one platform has one alone. */
async function reach(store: Store, descriptor: Descriptor, reached: Set<Digest>): Promise<void> {
  const queue: Descriptor[] = [descriptor];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (reached.has(at.digest)) continue;
    reached.add(at.digest);
    const isIndex = indexMediaTypes.includes(at.mediaType);
    if (at !== descriptor && !(await store.has(at.digest))) continue;
    const bytes = await readDocument(store, at);
    if (isIndex) queue.push(...parseIndex(bytes, at.digest));
    else {
      const { config, layers } = parseManifest(bytes, at.digest);
      for (const { digest } of [config, ...layers]) reached.add(digest);
    }
  }
}

/** Taken aside first: a writer that asked for it in this moment made it young, and gets it back. */
async function removeOld(path: string, directory: string, before: number): Promise<boolean> {
  const aside = join(directory, `.tmp_${thisProcess}_sweep`);
  await rename(path, aside);
  const { mtimeMs } = await stat(aside);
  if (mtimeMs >= before) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return mtimeMs < before;
}
