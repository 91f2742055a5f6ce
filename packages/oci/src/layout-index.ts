import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { diskFault, sweepTemporaries, writeDurably } from "./durable-file.ts";
import { type Descriptor, mediaTypes } from "./manifest.ts";
import { documentLimit, parseIndex } from "./manifest-parse.ts";
import { withStoreLock } from "./store-lock.ts";

export const refNameAnnotation = "org.opencontainers.image.ref.name";

/**
 * Sweeps what dead processes left in a layout. A directory that is no layout yet becomes one, with `create`.
 * @throws Fault STORE_UNREADABLE when it is none and does not become one
 */
export async function openLayout(directory: string, create: boolean): Promise<void> {
  try {
    const blobs = join(directory, "blobs", "sha256");
    if (!create && !(await isThere(join(directory, "oci-layout")))) {
      throw new Fault("STORE_UNREADABLE", "opening an OCI image layout", {
        why: "there is none",
        values: { directory },
      });
    }
    await mkdir(blobs, { recursive: true });
    await checkLayoutFile(directory);
    await sweepTemporaries(directory);
    await sweepTemporaries(blobs);
  } catch (error) {
    throw diskFault(error, directory);
  }
}

/** The descriptors of index.json. @throws Fault MANIFEST_INVALID */
export async function readLayoutIndex(directory: string): Promise<readonly Descriptor[]> {
  const path = join(directory, "index.json");
  try {
    const { size } = await stat(path);
    if (size > documentLimit) {
      throw new Fault("LIMIT_EXCEEDED", "the index of a store", {
        values: { path, bytes: size, limit: documentLimit },
      });
    }
    return parseIndex(await readFile(path), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw diskFault(error, directory);
  }
}

/** Replaces index.json by what `change` makes of it, under the store's lock. */
export async function changeLayoutIndex(
  directory: string,
  change: (descriptors: readonly Descriptor[]) => readonly Descriptor[],
): Promise<void> {
  await withStoreLock(directory, async () => {
    const before = await readLayoutIndex(directory);
    const manifests = change(before);
    if (manifests === before) return;
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
    const text = `${JSON.stringify(index, undefined, 2)}\n`;
    if (Buffer.byteLength(text) > documentLimit) {
      throw new Fault("LIMIT_EXCEEDED", "the index of a store", {
        values: { directory, limit: documentLimit },
      });
    }
    await writeDurably(directory, async (handle) => {
      await handle.writeFile(text);
      return { path: join(directory, "index.json") };
    });
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function checkLayoutFile(directory: string): Promise<void> {
  const path = join(directory, "oci-layout");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await writeDurably(directory, async (handle) => {
      await handle.writeFile('{"imageLayoutVersion":"1.0.0"}\n');
      return { path };
    });
    return;
  }
  if (versionOf(text) === "1.0.0") return;
  throw new Fault("STORE_UNREADABLE", "opening an OCI image layout", {
    why: "its oci-layout file does not say version 1.0.0",
    values: { path },
  });
}

function versionOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { imageLayoutVersion?: unknown } | null)?.imageLayoutVersion;
  } catch {
    return undefined;
  }
}
