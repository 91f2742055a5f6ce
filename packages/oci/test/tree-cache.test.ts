import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Image } from "../src/image/image.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import type { TarInput } from "../src/tar/write.ts";
import { writeTar } from "../src/tar/write.ts";
import { imageTree } from "../src/tree/cache.ts";
import { packTree, unpackTree } from "../src/tree/columns.ts";
import { derivedText } from "../src/tree/derived-text.ts";
import { type ContentWatch, replayLayers } from "../src/tree/replay.ts";
import type { Tree } from "../src/tree/tree.ts";

const common = { mode: 0o644, uid: 7, gid: 1000770000, size: 0, mtime: 1.25, xattrs: new Map() };
const acl = new Map([["system.posix_acl_access", Uint8Array.of(2, 0, 0, 0)]]);
const inputs: readonly TarInput[] = [
  { entry: { ...common, path: "usr/lib/deep", type: "directory", mode: 0o1777 } },
  { entry: { ...common, path: "usr/lib/a", type: "file", size: 3 }, body: Buffer.from("abc") },
  { entry: { ...common, path: "usr/lib/empty", type: "file", xattrs: acl } },
  { entry: { ...common, path: "usr/b", type: "hardlink", target: "usr/lib/a" } },
  { entry: { ...common, path: "link", type: "symlink", target: "a\nb" } },
  { entry: { ...common, path: "disk", type: "block", device: { major: 8, minor: 300 } } },
  { entry: { ...common, path: "line\nfeed \udcff ü", type: "fifo", xattrs: acl } },
];
const watch: ContentWatch = {
  name: "length 1",
  watch: () => {
    let length = 0;
    return { push: (part) => (length += part.length), end: () => `${length} bytes` };
  },
};

let directory: string;
let store: Store;
let image: Image;
let expected: Tree;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lithify-trees-"));
  store = await openStore(directory);
  const layers = [await store.writeLayer(writeTar(inputs))];
  image = await store.writeImage({ config: { architecture: "amd64", os: "linux" }, layers });
  expected = await replayLayers(image.layers);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

test("columns hold a tree without loss", () => {
  const notes = new Map([["/usr/b", "note"]]);
  const again = unpackTree(packTree(expected, notes));
  expect([...again.tree]).toEqual([...expected]);
  expect(again.notes).toEqual(notes);
  const file = again.tree.at("/usr/b");
  expect(file && again.tree.linksOf(file)).toEqual(["/usr/b", "/usr/lib/a"]);
  expect(again.tree.names("/usr/lib")).toEqual(expected.names("/usr/lib"));
});

test("a kept tree is used, and has what was asked for", async () => {
  const first = await imageTree(image, { store, watch });
  expect([...first.tree]).toEqual([...expected]);
  expect(first.notes.get("/usr/b")).toBe("3 bytes");
  const unread: Image = { ...image, layers: image.layers.map(unreadable) };
  const kept = await imageTree(unread, { store, watch });
  expect([...kept.tree]).toEqual([...expected]);
  expect(kept.notes).toEqual(first.notes);
  await expect(imageTree(unread, { store, watch: { ...watch, name: "other" } })).rejects.toThrow(
    "read",
  );
});

test("one without digests does not answer for one with them", async () => {
  await forget();
  await imageTree(again(), { store, digests: false });
  const { tree } = await imageTree(again(), { store });
  expect(tree.at("/usr/lib/a")?.digest).toMatch(/^sha256:/);
});

test.each([
  ["a changed byte", (path: string) => change(path, -1)],
  ["another form", (path: string) => change(path, 0)],
  ["more bytes", (path: string) => appendFile(path, "x")],
  ["nothing", (path: string) => writeFile(path, "")],
  ["rubbish", (path: string) => writeFile(path, "lithify-tree 1\nrubbish")],
  ["a file that others can write", (path: string) => chmod(path, 0o666)],
])("%s in the cache is ignored and replaced", async (_name, spoil) => {
  await forget();
  await imageTree(again(), { store });
  const [path = ""] = await cached();
  await spoil(path);
  const { tree } = await imageTree(again(), { store });
  expect([...tree]).toEqual([...expected]);
  const unread: Image = { ...image, layers: image.layers.map(unreadable) };
  expect([...(await imageTree(unread, { store })).tree]).toEqual([...expected]);
});

/** The image as another process would open it. */
function again(): Image {
  return { ...image, layers: [...image.layers] };
}

test("one process opens a tree once", async () => {
  const first = await imageTree(image, { store });
  expect((await imageTree(image, { store, digests: false })).tree).toBe(first.tree);
});

test("what is derived from a kept tree is computed once, anew when its file was touched or the tree is another", async () => {
  let computed = 0;
  const ask = (kept: string | undefined, about = "x") =>
    derivedText({ store, ...(kept === undefined ? {} : { kept }) }, "derived", about, () => {
      computed += 1;
      return `text ${computed}`;
    });
  expect([await ask("a"), await ask("a"), await ask("b"), await ask("a", "y")]).toEqual([
    "text 1",
    "text 1",
    "text 2",
    "text 3",
  ]);
  expect(await ask(undefined)).toBe("text 4");
  const folder = store.cacheDirectory("derived");
  for (const name of await readdir(folder)) await change(join(folder, name), -1);
  expect(await ask("a")).toBe("text 5");
  for (const name of await readdir(folder)) await chmod(join(folder, name), 0o666);
  expect(await ask("a")).toBe("text 6");
});

function unreadable(layer: Image["layers"][number]): Image["layers"][number] {
  return {
    ...layer,
    uncompressed: () => {
      throw new Error("read");
    },
  };
}

async function change(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function cached(): Promise<readonly string[]> {
  const folder = store.cacheDirectory("trees");
  return (await readdir(folder)).map((name) => join(folder, name));
}

async function forget(): Promise<void> {
  for (const path of await cached()) await rm(path);
}
