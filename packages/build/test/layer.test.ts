import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, replayLayers, type Store, type TarEntry, writeTar } from "@lithify/oci";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contentOf, type LayerEntry, noXattrs } from "../src/layer/entry.ts";
import { FileIndex } from "../src/layer/file-index.ts";
import { writeLayer } from "../src/layer/write-layer.ts";

let work: string;
let store: Store;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "lithify-layer-"));
  store = await openStore(join(work, "store"));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const directories = ["d", "e", "d/s"];
const leaves = ["d/f", "d/l", "d/s/f", "e/f", "g"];
const mode = fc.constantFrom(0o600, 0o644, 0o755, 0o4755);

function entryOf(path: string, parts: Partial<TarEntry>): TarEntry {
  const common = { uid: 0, gid: 0, size: 0, mtime: 0, xattrs: noXattrs };
  return { ...common, path, type: "file", mode: 0o644, ...parts };
}

const entry: fc.Arbitrary<TarEntry> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...directories), mode)
    .map(([path, bits]) => entryOf(path, { type: "directory", mode: bits })),
  fc.tuple(fc.constantFrom(...leaves), mode).map(([path, bits]) => entryOf(path, { mode: bits })),
  fc.constantFrom(...leaves).map((path) => entryOf(path, { type: "symlink", target: "x" })),
  fc
    .constantFrom(...directories, ...leaves)
    .map((path) => entryOf(path.replace(/[^/]+$/, ".wh.$&"), { mode: 0 })),
  fc.constantFrom(...directories).map((path) => entryOf(`${path}/.wh..wh..opq`, { mode: 0 })),
);

/** One entry for a path, in the order of paths, as every tool writes a layer. */
const layerEntries = fc
  .array(entry, { maxLength: 8 })
  .map((entries) =>
    [...new Map(entries.map((item) => [item.path, item])).values()].sort((a, b) =>
      a.path < b.path ? -1 : 1,
    ),
  );

test("the index of a stage's files is the tree that the layers replay to", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(layerEntries, { minLength: 1, maxLength: 4 }), async (layers) => {
      const index = new FileIndex();
      const written = [];
      for (const [number, entries] of layers.entries()) {
        index.apply(entries, number);
        const archive = writeTar(entries.map((item) => ({ entry: item })));
        written.push(await store.writeLayer(archive, { compression: "none" }));
      }
      const replayed = [...(await replayLayers(written, { digests: false }))]
        .filter(({ path }) => path !== "/")
        .map((node) => [node.path.slice(1), node.type, node.mode]);
      expect(new Set(listOf(index, ""))).toEqual(new Set(replayed));
    }),
    { numRuns: 60 },
  );
});

function listOf(index: FileIndex, directory: string): (readonly unknown[])[] {
  const paths = index.names(directory).map((name) => `${directory}/${name}`.replace(/^\//, ""));
  return paths.flatMap((path) => {
    const node = index.at(path);
    return [[path, node?.type, node?.mode], ...listOf(index, path)];
  });
}

test("a layer depends on its entries, not on their order", async () => {
  const bytes = Buffer.from("content");
  const content = contentOf(bytes);
  const file = (path: string): LayerEntry => ({
    ...{ path, type: "file", mode: 0o644, uid: 0, gid: 0, size: bytes.length },
    ...{ xattrs: noXattrs, content },
  });
  const entries = ["z", "a/b/c", "a/b", "a-b", "a/b.c"].map((path) =>
    path === "a/b" ? { ...file(path), type: "directory" as const, size: 0 } : file(path),
  );
  const plain = entries.map(({ content: own, ...item }) =>
    item.type === "directory" || own === undefined ? item : { ...item, content: own },
  );
  const options = { epoch: 5, below: new FileIndex() };
  const first = await writeLayer(store, plain, options);
  expect(first.entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
    "directory a",
    "file a-b",
    "directory a/b",
    "hardlink a/b.c",
    "hardlink a/b/c",
    "hardlink z",
  ]);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(plain, { minLength: plain.length }), async (shuffled) => {
      expect((await writeLayer(store, shuffled, options)).layer.digest).toBe(first.layer.digest);
    }),
    { numRuns: 10 },
  );
});
