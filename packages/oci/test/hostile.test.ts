import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../src/image/manifest-parse.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import { tarLimits } from "../src/tar/entry.ts";
import { headerBytes } from "../src/tar/write.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { readFileOf } from "../src/tree/read-file.ts";
import { replayLayers } from "../src/tree/replay.ts";
import { archiveOf, entryOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, withDirectory } from "./expectations.ts";
import { layerOf } from "./layers.ts";

const config = { architecture: "amd64", os: "linux" };

async function tagged(store: Store, ref: string) {
  const layer = await store.writeLayer(
    inPieces(await archiveOf([fileOf("a", "x".repeat(2_000_000)), fileOf("b", ref)])),
  );
  const image = await store.writeImage({ config, layers: [layer] });
  await store.tag(ref, image);
  return image;
}

describe("input made to exhaust", () => {
  test("paths that imply many directories", async () => {
    const deep = "d/".repeat(2000);
    const inputs = Array.from({ length: 200 }, (_, index) => fileOf(`${index}/${deep}x`, ""));
    const archive = await archiveOf(inputs);
    await expectFault("LIMIT_EXCEEDED", () => replayLayers([layerOf(archive)]));
  });

  test("members without end are stopped at the limit, whatever stands behind it", async () => {
    const header = headerBytes(entryOf("a", "file"));
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => header));
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; given < 10_000; given += 1) yield chunk;
    }
    const limits = { ...tarLimits, entries: 20_000 };
    const layer = { ...layerOf(chunk), uncompressed: endless };
    await expectFault("LIMIT_EXCEEDED", () => replayLayers([layer], { limits }));
    expect(given).toBeLessThan(25);
  });

  test("extension headers without end", async () => {
    const long = headerBytes(entryOf("n".repeat(200), "file"));
    const extension = long.subarray(0, long.length - 512);
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let given = 0; given < 10_000; given += 1) yield extension;
    }
    await expectFault("LIMIT_EXCEEDED", () =>
      replayLayers([{ ...layerOf(extension), uncompressed: endless }]),
    );
  });

  test("one object with very many names", async () => {
    const links = Array.from({ length: 30_000 }, (_, index) => ({
      entry: entryOf(`l${index}`, "hardlink", { target: "a" }),
    }));
    const tree = await replayLayers([layerOf(await archiveOf([fileOf("a", "x"), ...links]))]);
    const fewer = await replayLayers([
      layerOf(await archiveOf([fileOf("a", "x"), ...links.slice(1)])),
    ]);
    const rows = diffTrees(tree, fewer);
    expect(rows).toHaveLength(30_001);
    expect(rows[0]?.was).toMatch(/^\/a \/l0 .* and 29993 more$/);
  });

  test("a document that nests without end", async () => {
    const nested = `{"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    await expectFault("LIMIT_EXCEEDED", async () => parseConfig(Buffer.from(nested)));
    const harmless = { ...config, note: "[".repeat(500), rootfs: { type: "layers", diff_ids: [] } };
    expect(parseConfig(Buffer.from(JSON.stringify(harmless))).os).toBe("linux");
  });

  test("reading the start of a layer leaves no file open", () =>
    withDirectory(async (directory) => {
      const store = await openStore(directory);
      const image = await tagged(store, "web");
      const openFiles = async () => (await readdir("/proc/self/fd").catch(() => [])).length;
      const before = await openFiles();
      for (let round = 0; round < 40; round += 1) {
        for (const layer of image.layers)
          for await (const chunk of layer.uncompressed()) if (chunk.length > 0) break;
        await readFileOf(image, "/a");
      }
      await new Promise((resolve) => setImmediate(resolve));
      expect((await openFiles()) - before).toBeLessThan(10);
    }));
});

describe("a store that others change", () => {
  test("fields of other tools stay in the index", () =>
    withDirectory(async (directory) => {
      const store = await openStore(directory);
      await tagged(store, "web:1");
      const path = join(directory, "index.json");
      const index = JSON.parse(await readFile(path, "utf8"));
      index.annotations = { "com.example.note": "kept" };
      index.manifests[0].platform = { os: "linux", architecture: "amd64", "os.version": "kept" };
      await writeFile(path, JSON.stringify(index));
      await tagged(store, "web:2");
      const after = JSON.parse(await readFile(path, "utf8"));
      expect(after.annotations).toEqual(index.annotations);
      expect(after.manifests[0]).toEqual(index.manifests[0]);
      expect(after.manifests).toHaveLength(2);
    }));

  test("a store that vanishes gives a Fault", () =>
    withDirectory(async (directory) => {
      const store = await openStore(join(directory, "store"));
      const image = await tagged(store, "web");
      await rm(store.directory, { recursive: true });
      await expectFault("IMAGE_UNKNOWN", () => store.image("web"));
      await expectFault("BLOB_UNKNOWN", () => replayLayers(image.layers));
      await expectFault("BLOB_UNKNOWN", () => store.tag("web", image));
      await expectFault("STORE_UNREADABLE", () => store.untag("web"));
    }));
});
