import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../src/blob/digest.ts";
import type { Layer } from "../src/image/image.ts";
import { encodeName } from "../src/tar/name-bytes.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { replay, replayLayers, replayOver, treeFromTar } from "../src/tree/replay.ts";
import type { Tree } from "../src/tree/tree.ts";
import { arbitraryInputs } from "./arbitrary-entries.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf } from "./expectations.ts";
import { layerOf } from "./layers.ts";
import { replayCases } from "./replay-cases.ts";

function linesOf(tree: Tree, contents: ReadonlyMap<string, string>): string[] {
  const names = {
    file: "file",
    directory: "dir",
    symlink: "symlink",
    fifo: "fifo",
    character: "char",
    block: "block",
    socket: "socket",
  };
  const lines: string[] = [];
  for (const node of tree) {
    const words = [names[node.type], node.path, String(node.layer)];
    if (node.digest !== undefined) words.push(contents.get(node.digest) ?? node.digest);
    if (node.target !== undefined) words.push(node.target);
    if (node.device !== undefined) words.push(`${node.device.major}:${node.device.minor}`);
    if (node.mode !== (node.type === "directory" ? 0o755 : 0o644)) {
      words.push(`mode=${node.mode.toString(8).padStart(4, "0")}`);
    }
    if (node.uid !== 0 || node.gid !== 0) words.push(`owner=${node.uid}:${node.gid}`);
    const others = tree.linksOf(node).filter((path) => path !== node.path);
    if (others.length > 0) words.push(`same=${others.join(",")}`);
    if (words.join(" ") !== "dir / -1") lines.push(words.join(" "));
  }
  return lines;
}

test.each(replayCases().map((item) => [item.name, item] as const))("%s", async (_, item) => {
  const contents = new Map<string, string>();
  const layers: Layer[] = [];
  for (const inputs of item.layers) {
    for (const { body } of inputs) {
      if (body instanceof Uint8Array) contents.set(digestOf(body), Buffer.from(body).toString());
    }
    layers.push(layerOf(await archiveOf(inputs)));
  }
  if (item.fault !== undefined) await expectFault(item.fault, () => replayLayers(layers));
  else expect(linesOf(await replayLayers(layers), contents)).toEqual(item.expected);
});

describe("replay", () => {
  test("any members give a tree or a Fault", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryInputs, { maxLength: 3 }), async (layers) => {
        const archives = await Promise.all(layers.map(archiveOf));
        await faultCodeOf(async () => {
          const tree = await replayLayers(archives.map(layerOf));
          let last = "";
          for (const { path } of tree) {
            expect(Buffer.compare(encodeName(last), encodeName(path))).toBeLessThanOrEqual(0);
            if (path !== "/")
              expect(tree.at(path.slice(0, path.lastIndexOf("/")) || "/")?.type).toBe("directory");
            last = path;
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  test("the order of whiteouts within a layer does not matter", async () => {
    const names = ["a", "b", "d/x", "d/y", "d"];
    const lower = layerOf(
      await archiveOf([fileOf("a", "1"), fileOf("b", "2"), fileOf("d/x", "3"), fileOf("d/y", "4")]),
    );
    const whiteouts = fc.subarray(
      ["a", "b", "d/x", "d/y", "d"]
        .map((name) => name.replace(/([^/]+)$/, ".wh.$1"))
        .concat("d/.wh..wh..opq"),
    );
    const files = fc.subarray(names.slice(0, 4));
    await fc.assert(
      fc.asyncProperty(
        whiteouts,
        files,
        fc.infiniteStream(fc.nat()),
        async (hidden, added, order) => {
          const members = [
            ...hidden.map((path) => fileOf(path, "")),
            ...added.map((path) => fileOf(path, "new")),
          ];
          const shuffled = members.map((member) => ({ member, key: order.next().value as number }));
          shuffled.sort((a, b) => a.key - b.key);
          const trees = [members, shuffled.map(({ member }) => member)].map(async (inputs) =>
            linesOf(await replayLayers([lower, layerOf(await archiveOf(inputs))]), new Map()),
          );
          const [first, second] = await Promise.all(trees);
          expect(second).toEqual(first);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("without digests nothing is hashed", async () => {
    const layer = layerOf(await archiveOf([fileOf("a", "text")]));
    expect((await replayLayers([layer], { digests: false })).at("/a")?.digest).toBeUndefined();
    expect((await replayLayers([layer])).at("/a")?.digest).toBe(digestOf("text"));
  });

  test("in a live root whiteouts are ordinary names", async () => {
    const archive = await archiveOf([
      fileOf("a", "1"),
      fileOf(".wh.a", ""),
      fileOf("d/.wh..wh..opq", ""),
    ]);
    const tree = await treeFromTar(inPieces(archive));
    expect([...tree].map(({ path, layer }) => [path, layer])).toEqual([
      ["/", -1],
      ["/.wh.a", -1],
      ["/a", -1],
      ["/d", -1],
      ["/d/.wh..wh..opq", -1],
    ]);
  });

  test("a hundred thousand members", async () => {
    const inputs = Array.from({ length: 100_000 }, (_, index) =>
      fileOf(`d${index % 300}/f${index}`, "x"),
    );
    const tree = await replayLayers([layerOf(await archiveOf(inputs))]);
    expect(tree.size).toBe(100_301);
  });
});

describe("the last layer over a tree that is known gives what all layers give", () => {
  const cases = replayCases().filter(({ layers }) => layers.length > 1);
  test.each(cases.map((item) => [item.name, item] as const))("%s", async (_, item) => {
    const layers: Layer[] = [];
    for (const inputs of item.layers) layers.push(layerOf(await archiveOf(inputs)));
    const last = layers.at(-1) as Layer;
    const all = () => replayLayers(layers);
    const over = async () =>
      (await replayOver(await replay(layers.slice(0, -1)), last, layers.length - 1)).tree;
    const code = await faultCodeOf(all);
    expect(await faultCodeOf(over)).toBe(code);
    if (code !== undefined) return;
    const [whole, step] = [await all(), await over()];
    expect(diffTrees(whole, step)).toEqual([]);
    const rows = (tree: Tree) =>
      [...tree].map((node) => [node.path, node.layer, node.mtime, ...tree.linksOf(node)]);
    expect(rows(step)).toEqual(rows(whole));
  });
});
