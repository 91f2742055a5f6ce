import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { openStore } from "../src/store/layout-store.ts";
import type { TarEntry } from "../src/tar/entry.ts";
import type { TarInput } from "../src/tar/write.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { treeFromNodes } from "../src/tree/merged-tree.ts";
import { replayLayers, treeFromTar } from "../src/tree/replay.ts";
import type { Tree } from "../src/tree/tree.ts";
import { archiveOf, entryOf, fileOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";
import { hasProgram, isRoot, piped, run, testUnless } from "./programs.ts";

const runs = Number(process.env.LITHIFY_FUZZ_RUNS ?? 4);
const lacking = ["umoci", "bsdtar", "tar"].find((program) => !hasProgram(program));
const missing = !isRoot
  ? "needs root for devices and owners"
  : lacking === undefined
    ? undefined
    : `no ${lacking}`;

/** Who packs a layer; each in its own form of extension headers. */
const writers = ["tar --format=gnu", "tar --format=posix", "bsdtar", "our writer"] as const;

interface RandomLayer {
  readonly writer: (typeof writers)[number];
  readonly inputs: readonly TarInput[];
  /** Names that the layer takes away, where it does not set them itself. */
  readonly hidden: readonly string[];
  /** Directories of the layer that hide all that lower layers have in them. */
  readonly opaque: number;
}

const name = fc.constantFrom("a", "b", "c", "d\u00e9", "with space", "n".repeat(130));
const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o2711, 0o666),
  uid: fc.constantFrom(0, 1000, 3_000_000),
  gid: fc.constantFrom(0, 5, 70_000),
  xattrs: fc.constantFrom(
    new Map<string, Uint8Array>(),
    new Map<string, Uint8Array>([["user.note", Buffer.from([0, 10, 61, 255])]]),
    new Map<string, Uint8Array>([
      ["security.capability", Buffer.from("0100000200040000000000000000000000000000", "hex")],
    ]),
  ),
});
const object = fc.tuple(
  fc.array(name, { minLength: 1, maxLength: 4 }),
  fc.constantFrom<TarEntry["type"]>(
    ...([
      "file",
      "file",
      "directory",
      "directory",
      "symlink",
      "hardlink",
      "fifo",
      "character",
    ] as const),
  ),
  attributes,
);
const layer: fc.Arbitrary<RandomLayer> = fc
  .tuple(
    fc.constantFrom(...writers),
    fc.array(object, { minLength: 1, maxLength: 14 }),
    fc.array(name, { maxLength: 2 }),
    fc.nat(5),
  )
  .map(([writer, objects, hidden, opaque]) => ({
    writer,
    inputs: consistent(objects),
    hidden,
    opaque,
  }));

type RandomObject = [string[], TarEntry["type"], Partial<TarEntry>];

/** A tree: every parent a directory that comes first, every name once, every hard link to a file before it. */
function consistent(objects: readonly RandomObject[]): readonly TarInput[] {
  const found = new Map<string, TarInput>();
  const files: string[] = [];
  for (const [names, type, more] of objects) {
    const path = names.join("/");
    if (found.has(path)) continue;
    const parents = names.slice(1).map((_, depth) => names.slice(0, depth + 1).join("/"));
    if (parents.some((parent) => (found.get(parent)?.entry.type ?? "directory") !== "directory")) {
      continue;
    }
    for (const parent of parents) {
      if (!found.has(parent)) found.set(parent, { entry: entryOf(parent, "directory") });
    }
    const target = files[files.length - 1];
    if (type === "hardlink" && target === undefined) continue;
    found.set(path, inputOf(path, type, more, target, found));
    if (type === "file") files.push(path);
  }
  return [...found.values()];
}

function inputOf(
  path: string,
  type: TarEntry["type"],
  more: Partial<TarEntry>,
  target: string | undefined,
  found: ReadonlyMap<string, TarInput>,
): TarInput {
  const { xattrs: _, ...plain } = more;
  if (type === "file") return fileOf(path, `content of ${path}`.repeat(path.length), more);
  if (type === "directory") return { entry: entryOf(path, type, { ...plain, mode: 0o755 }) };
  if (type === "symlink") return { entry: entryOf(path, type, { mode: 0o777, target: "../a/b" }) };
  if (type === "character") {
    return { entry: entryOf(path, type, { ...plain, device: { major: 1, minor: 3 } }) };
  }
  if (type !== "hardlink" || target === undefined) return { entry: entryOf(path, type, plain) };
  // A hard link's header sets the attributes of its object: here to what they are
  return { entry: { ...(found.get(target) as TarInput).entry, path, type, target, size: 0 } };
}

/** The layer as its writer packs it, from a directory when that is a program. */
async function packed(directory: string, random: RandomLayer): Promise<Buffer> {
  const archive = await archiveOf([...random.inputs, ...marksOf(random)]);
  if (random.writer === "our writer") return archive;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  const options = ["--xattrs", "--xattrs-include=*", "--numeric-owner"];
  await piped(archive, "tar", ["-C", directory, ...options, "-p", "-x"]);
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const [program = "", format] = random.writer.split(" ");
  const args =
    program === "bsdtar"
      ? ["--format", "pax", "--numeric-owner", "--xattrs", "-C", directory, "-cf", "-", "."]
      : [
          "-C",
          directory,
          ...(format === "--format=posix" ? options : ["--numeric-owner"]),
          "-S",
          format ?? "",
          "-c",
          ".",
        ];
  return (await run(program, args, { encoding: "buffer", env })).stdout;
}

function marksOf({ inputs, hidden, opaque }: RandomLayer): readonly TarInput[] {
  const set = new Set(inputs.map(({ entry }) => entry.path));
  const directories = inputs.filter(({ entry }) => entry.type === "directory");
  const covering = directories[opaque];
  return [
    ...[...new Set(hidden)]
      .filter((path) => !set.has(path))
      .map((path) => fileOf(`.wh.${path}`, "")),
    ...(covering === undefined ? [] : [fileOf(`${covering.entry.path}/.wh..wh..opq`, "")]),
  ];
}

/** Without times, and without the root, whose attributes are the unpacking program's when no layer sets them. */
function comparable(tree: Tree): Tree {
  const nodes = [...tree].filter(({ path }) => path !== "/");
  return treeFromNodes(nodes.map((node) => ({ ...node, mtime: 0 })));
}

describe("with umoci", () => {
  testUnless(
    missing,
    "random layers of several writers replay as the kernel shows them",
    () =>
      withDirectory(async (directory) => {
        const store = await openStore(join(directory, "store"));
        let number = 0;
        await fc.assert(
          fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 3 }), async (random) => {
            const layers = [];
            for (const each of random) {
              layers.push(
                await store.writeLayer(inPieces(await packed(join(directory, "tree"), each))),
              );
            }
            const config = { architecture: "amd64", os: "linux" };
            const image = await store.writeImage({ config, layers });
            number += 1;
            await store.tag(`case${number}`, image, { exact: true });
            const bundle = join(directory, `bundle${number}`);
            await run("umoci", [
              "unpack",
              "--image",
              `${join(directory, "store")}:case${number}`,
              bundle,
            ]);
            const args = ["-C", join(bundle, "rootfs"), "--xattrs", "--xattrs-include=*"];
            const live = await run("tar", [...args, "--numeric-owner", "-c", "."], {
              encoding: "buffer",
            });
            await rm(bundle, { recursive: true });
            const theirs = comparable(await treeFromTar(inPieces(live.stdout)));
            expect(diffTrees(comparable(await replayLayers(image.layers)), theirs)).toEqual([]);
          }),
          { numRuns: runs, ...(process.env.LITHIFY_FUZZ_RUNS === undefined ? { seed: 11 } : {}) },
        );
      }),
    runs * 20_000,
  );
});
