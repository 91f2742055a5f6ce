import { hash } from "node:crypto";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import type { Store } from "../store/store.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

/** Short texts of one kind that a store keeps; the ones not used for the longest time go first. */
export const keptTexts = 1024;

/** Bytes of one. */
export const keptTextBytes = 4096;

const form = "lithify-text 1\n";

/**
 * A short text that `compute` derives from a cached tree and from nothing but what `about` says besides: kept in the
 * store, and believed as far as the cached tree itself is. Without a store or a kept tree it is computed.
 */
export async function derivedText(
  from: { readonly store?: Pick<Store, "cacheDirectory">; readonly kept?: string },
  kind: string,
  about: string,
  compute: () => string,
): Promise<string> {
  const directory = from.kept === undefined ? undefined : directoryOf(from.store, kind);
  if (directory === undefined) return compute();
  const name = hash("sha256", JSON.stringify([kind, from.kept, about]));
  const file = await readOwnFile(join(directory, name), form, keptTextBytes);
  if (file !== undefined) return file.body.toString("utf8");
  const text = compute();
  const body = Buffer.from(text);
  if (body.length > keptTextBytes / 2) return text;
  try {
    await writeOwnFile(directory, name, { form, body, count: keptTexts });
  } catch (error) {
    if (!isFault(error)) throw error; // a full disk keeps nothing, and hinders nothing
  }
  return text;
}

function directoryOf(
  store: Pick<Store, "cacheDirectory"> | undefined,
  kind: string,
): string | undefined {
  try {
    return store?.cacheDirectory(kind);
  } catch {
    return undefined;
  }
}
