import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { type Descriptor, mediaTypes } from "../image/manifest.ts";
import { documentLimit, parseIndex } from "../image/manifest-parse.ts";
import { onDisk, sweepTemporaries, writeDurably } from "./durable-file.ts";
import { withStoreLock } from "./store-lock.ts";

export const refNameAnnotation = "org.opencontainers.image.ref.name";

/**
 * Sweeps what dead processes left in a layout. A directory that is no layout yet becomes one, with `create`.
 * @throws Fault STORE_UNREADABLE when it is none and does not become one, STORE_FULL
 */
export async function openLayout(directory: string, create: boolean): Promise<void> {
  const layoutFile = join(directory, "oci-layout");
  const text = await textOf(directory, layoutFile);
  if (text === undefined && !create) {
    const hint = "Name the directory that holds the file oci-layout.";
    throw notLayout(directory, "there is none", { hint });
  }
  if (text !== undefined && versionOf(text) !== "1.0.0") {
    throw notLayout(directory, "its oci-layout file does not say version 1.0.0");
  }
  const blobs = join(directory, "blobs", "sha256");
  await onDisk(directory, () => mkdir(blobs, { recursive: true }));
  if (text === undefined) {
    await writeText(directory, layoutFile, '{"imageLayoutVersion":"1.0.0"}\n');
  }
  await onDisk(directory, () => sweepTemporaries(directory));
  await onDisk(directory, () => sweepTemporaries(blobs));
}

/** The descriptors of index.json. @throws Fault MANIFEST_INVALID, LIMIT_EXCEEDED, STORE_UNREADABLE */
export async function readLayoutIndex(directory: string): Promise<readonly Descriptor[]> {
  const path = join(directory, "index.json");
  const text = await textOf(directory, path);
  return text === undefined ? [] : parseIndex(Buffer.from(text), path);
}

/**
 * Replaces index.json by what `change` makes of it, under the store's lock. Fields that other tools put there stay;
 * nothing is written when `change` gives back what it got.
 */
export async function changeLayoutIndex(
  directory: string,
  change: (
    descriptors: readonly Descriptor[],
  ) => readonly Descriptor[] | Promise<readonly Descriptor[]>,
): Promise<void> {
  await withStoreLock(directory, async () => {
    const path = join(directory, "index.json");
    const text = await textOf(directory, path);
    const before = text === undefined ? [] : parseIndex(Buffer.from(text), path);
    const after = await change(before);
    if (after === before) return;
    const raw = text === undefined ? {} : (JSON.parse(text) as { manifests?: unknown[] });
    const rawOf = new Map(before.map((descriptor, at) => [descriptor, raw.manifests?.[at]]));
    const manifests = after.map((descriptor) => rawOf.get(descriptor) ?? descriptor);
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, ...raw, manifests };
    await writeText(directory, path, `${JSON.stringify(index, undefined, 2)}\n`);
  });
}

async function writeText(directory: string, path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  if (bytes.length > documentLimit) throw tooLarge(path, bytes.length);
  await writeDurably(directory, async (put) => {
    await put(bytes);
    return { path };
  });
}

/** A file of the layout; undefined when it is not there. */
function textOf(directory: string, path: string): Promise<string | undefined> {
  return onDisk(directory, async () => {
    try {
      const { size } = await stat(path);
      if (size > documentLimit) throw tooLarge(path, size);
      return await readFile(path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  });
}

function tooLarge(path: string, bytes: number): Fault {
  return new Fault("LIMIT_EXCEEDED", "a file of an OCI image layout", {
    values: { path, bytes, limit: documentLimit },
  });
}

function notLayout(directory: string, why: string, more: { readonly hint?: string } = {}): Fault {
  const values = { directory };
  return new Fault("STORE_UNREADABLE", "opening an OCI image layout", { why, values, ...more });
}

function versionOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { imageLayoutVersion?: unknown } | null)?.imageLayoutVersion;
  } catch {
    return undefined;
  }
}
