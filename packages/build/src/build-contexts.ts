import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Fault } from "@lithify/fault";
import type { Image, Store } from "@lithify/oci";

/** What stands for a name in FROM or --from. */
export type BuildContext =
  | { readonly kind: "image"; readonly image: Image }
  | { readonly kind: "directory"; readonly path: string };

/**
 * What --build-context puts in the place of a name. A key fits a name that is written the same, one that differs
 * by the tag or digest only when the key has none, and, when the key has no slash, the last part of the name.
 */
export async function findBuildContext(
  contexts: ReadonlyMap<string, string | Image>,
  name: string,
  store: Store,
): Promise<BuildContext | undefined> {
  const bare = withoutTag(name);
  const last = bare.slice(bare.lastIndexOf("/") + 1);
  const lastWithTag = name.slice(name.lastIndexOf("/") + 1);
  for (const key of [name, bare, lastWithTag, last]) {
    const value = contexts.get(key) ?? contexts.get(key.toLowerCase());
    if (value !== undefined) return openContext(key, value, store);
  }
  return undefined;
}

async function openContext(
  name: string,
  value: string | Image,
  store: Store,
): Promise<BuildContext> {
  if (typeof value !== "string") return { kind: "image", image: value };
  const ref = value.replace(/^docker-image:\/\//, "");
  const path = resolve(value);
  const looksLikePath = /^(?:\.{1,2}(?:\/|$)|\/)/.test(value);
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (looksLikePath && isDirectory) return { kind: "directory", path };
  if (looksLikePath)
    throw new Fault("BUILD_CONTEXT_INVALID", `--build-context ${name}=${value}`, {
      why: "there is no such directory",
    });
  const image = await store.find(ref);
  if (image !== undefined) return { kind: "image", image };
  if (isDirectory) return { kind: "directory", path };
  throw new Fault("BUILD_CONTEXT_INVALID", `--build-context ${name}=${value}`, {
    why: "the store has no such image, and there is no such directory",
  });
}

function withoutTag(name: string): string {
  const digest = name.indexOf("@");
  const named = digest < 0 ? name : name.slice(0, digest);
  const colon = named.lastIndexOf(":");
  return colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
}
