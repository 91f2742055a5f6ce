import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a store holds: the text of its index, its blobs by name, and what a command should have taken away. */
export interface StoreManifest {
  readonly index: string;
  /** Name and digest of the content, `sha256:…`; the same unless the blob is corrupt. */
  readonly blobs: readonly (readonly [name: string, content: string])[];
  /** Temporaries, locks, workspaces of RUN steps. */
  readonly leftovers: readonly string[];
}

export function storeManifest(store: string): StoreManifest {
  const blobs = join(store, "blobs", "sha256");
  const index = join(store, "index.json");
  const names = list(blobs);
  return {
    index: existsSync(index) ? readFileSync(index, "utf8") : "",
    blobs: names
      .filter((name) => !name.startsWith("."))
      .map((name) => [name, contentDigest(join(blobs, name))] as const),
    leftovers: [
      ...hidden(store),
      ...hidden(blobs),
      ...list(join(store, "cache", "sandboxes")).map((name) => `cache/sandboxes/${name}`),
      ...list(join(store, "cache", "unpacked")).flatMap((boot) =>
        hidden(join(store, "cache", "unpacked", boot)),
      ),
      ...hidden(join(store, "cache", "build")),
    ],
  };
}

/** Blobs whose bytes do not hash to their name. */
export function corruptBlobs(store: string): readonly string[] {
  return storeManifest(store)
    .blobs.filter(([name, content]) => name !== content)
    .map(([name]) => name);
}

function contentDigest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function hidden(directory: string): readonly string[] {
  return list(directory).filter((name) => name.startsWith("."));
}

function list(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
