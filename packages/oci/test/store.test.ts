import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestOf, hexOf } from "../src/blob/digest.ts";
import { mediaTypes } from "../src/image/manifest.ts";
import { openStore } from "../src/store/layout-store.ts";
import { defaultStoreDirectory, type Store } from "../src/store/store.ts";
import type { TarInput } from "../src/tar/write.ts";
import { copyImage } from "../src/transport/copy-image.ts";
import { openImageAt, putImageAt } from "../src/transport/transport.ts";
import { readFileOf } from "../src/tree/read-file.ts";
import { replayLayers } from "../src/tree/replay.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, withDirectory } from "./expectations.ts";

const config = { architecture: "amd64", os: "linux", config: { User: "web" } };

async function imageOf(store: Store, ...layers: readonly (readonly TarInput[])[]) {
  const written = [];
  for (const inputs of layers)
    written.push(await store.writeLayer(inPieces(await archiveOf(inputs))));
  return store.writeImage({ config, layers: written });
}

const withStore = (use: (store: Store, directory: string) => Promise<void>) =>
  withDirectory(async (directory) => use(await openStore(join(directory, "store")), directory));

const blobPath = (store: Store, digest: string) =>
  join(store.directory, "blobs", "sha256", digest.slice(7));

describe("a store", () => {
  test("keeps images under names", () =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one")]);
      await store.tag("web:1", image);
      await store.tag("web", image);
      const reopened = await openStore(store.directory);
      for (const ref of ["web:1", "web", `web@${image.digest}`, image.digest]) {
        expect((await reopened.image(ref)).digest).toBe(image.digest);
      }
      expect((await reopened.list()).map(({ ref }) => ref)).toEqual(["web:1", "web:latest"]);
      await store.untag("web");
      expect(await store.find("web")).toBeUndefined();
      await expectFault("IMAGE_UNKNOWN", () => store.image("web"));
      await expectFault("IMAGE_UNKNOWN", () => store.untag("web"));
      await expectFault("REFERENCE_INVALID", () => store.image("Web!"));
      await expectFault("REFERENCE_INVALID", () => store.tag(image.digest, image));
    }));

  test("is an OCI image layout", () =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one")]);
      await store.tag("web", image);
      const read = async (name: string) =>
        JSON.parse(await readFile(join(store.directory, name), "utf8"));
      expect(await read("oci-layout")).toEqual({ imageLayoutVersion: "1.0.0" });
      expect((await read("index.json")).manifests).toEqual([
        {
          mediaType: mediaTypes.manifest,
          digest: image.digest,
          size: image.descriptor.size,
          annotations: { "org.opencontainers.image.ref.name": "web:latest" },
        },
      ]);
    }));

  test("a name moves to another image", () =>
    withStore(async (store) => {
      const first = await imageOf(store, [fileOf("a", "one")]);
      const second = await imageOf(store, [fileOf("a", "two")]);
      await store.tag("web", first);
      await store.tag("web", second);
      expect((await store.image("web")).digest).toBe(second.digest);
      expect(await store.list()).toHaveLength(1);
    }));

  test("the same parts give the same image, whatever the order of fields", () =>
    withStore(async (store) => {
      const layer = await store.writeLayer(inPieces(await archiveOf([fileOf("a", "one")])));
      const one = await store.writeImage({ config, layers: [layer] });
      const two = await store.writeImage({
        config: { config: { User: "web" }, os: "linux", architecture: "amd64" },
        layers: [layer],
      });
      expect(two.digest).toBe(one.digest);
    }));

  test.each(["gzip", "zstd", "none"] as const)("layers may be %s", (compression) =>
    withStore(async (store) => {
      const archive = await archiveOf([fileOf("a", "one")]);
      const layer = await store.writeLayer(inPieces(archive), { compression });
      expect(layer.diffId).toBe(digestOf(archive));
      const image = await store.writeImage({ config, layers: [layer] });
      const [read] = (await store.image(image.digest)).layers;
      expect((await collect(read?.uncompressed() ?? inPieces(archive, 0))).equals(archive)).toBe(
        true,
      );
    }),
  );

  test("attaches artifacts to images", () =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one")]);
      const other = await imageOf(store, [fileOf("a", "two")]);
      const artifact = (text: string) => ({
        artifactType: "application/x.note",
        mediaType: "text/plain",
        bytes: Buffer.from(text),
      });
      await store.attach(image, artifact("first"));
      await store.attach(image, artifact("second"));
      await store.attach(image, artifact("first"));
      await store.attach(other, artifact("elsewhere"));
      const found = await store.attached(image, "application/x.note");
      expect(found.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["first", "second"]);
      expect(await store.attached(image, "application/x.other")).toEqual([]);
      expect(await store.list()).toEqual([]);
    }));

  test("chooses from an index by platform", () =>
    withStore(async (store) => {
      const amd = await imageOf(store, [fileOf("a", "amd")]);
      const arm = await imageOf(store, [fileOf("a", "arm")]);
      const manifests = [
        { ...amd.descriptor, platform: { os: "linux", architecture: "amd64" } },
        { ...arm.descriptor, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      ];
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      const { digest } = await store.write(Buffer.from(JSON.stringify(index)));
      const platform = { os: "linux", architecture: "arm64" };
      expect((await store.image(digest, { platform })).digest).toBe(arm.digest);
      await expectFault("IMAGE_UNKNOWN", () =>
        store.image(digest, { platform: { os: "linux", architecture: "s390x" } }),
      );
    }));

  test("reads one file, links followed, the top layer's and any hard link's", () =>
    withStore(async (store) => {
      const image = await imageOf(
        store,
        [fileOf("etc/passwd", "old"), fileOf("x", "linked")],
        [fileOf("etc/passwd", "twice"), fileOf("etc/passwd", "root:x:0:0:::")],
        [{ entry: entryOf("y", "hardlink", { target: "x" }) }],
        [fileOf(".wh.x", "")],
        [{ entry: entryOf("l", "symlink", { target: "etc/../etc/passwd" }) }],
      );
      expect((await readFileOf(image, "/l"))?.toString()).toBe("root:x:0:0:::");
      expect((await readFileOf(image, "/y"))?.toString()).toBe("linked");
      expect(await readFileOf(image, "/x")).toBeUndefined();
      expect(await readFileOf(image, "/etc")).toBeUndefined();
    }));

  test("takes many changes at one time", () =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one")]);
      const second = await openStore(store.directory);
      const names = Array.from({ length: 20 }, (_, index) => `web:${index}`);
      await Promise.all(
        names.map((name, index) => (index % 2 === 0 ? store : second).tag(name, image)),
      );
      expect((await store.list()).map(({ ref }) => ref).sort()).toEqual([...names].sort());
      expect((await readdir(store.directory)).sort()).toEqual([
        "blobs",
        "index.json",
        "oci-layout",
      ]);
    }));
});

describe("a damaged store", () => {
  const damaged = (
    edit: (bytes: Buffer) => Buffer,
    use: (store: Store, digest: string) => Promise<void>,
  ) =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one".repeat(1000))]);
      await store.tag("web", image);
      const { digest } = image.layers[0] as { digest: string };
      const path = blobPath(store, digest);
      await writeFile(path, edit(await readFile(path)));
      await use(store, digest);
    });
  const flipped = (bytes: Buffer) => {
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1;
    return bytes;
  };

  test("a changed blob is named", () =>
    damaged(flipped, async (store, digest) => {
      const [layer] = (await store.image("web")).layers;
      await expect(collect(layer?.compressed() ?? inPieces(Buffer.alloc(0)))).rejects.toMatchObject(
        {
          code: "DIGEST_MISMATCH",
          what: `blob ${digest}`,
        },
      );
    }));

  test.each(["gzip", "zstd", "none"] as const)("wherever a blob is changed (%s)", (compression) =>
    withStore(async (store) => {
      const inputs = [
        fileOf("a", "one".repeat(1000)),
        fileOf("b", "two"),
        fileOf("c", "x".repeat(90)),
      ];
      const archive = await archiveOf(inputs);
      const layer = await store.writeLayer(inPieces(archive), { compression });
      const path = blobPath(store, layer.digest);
      const good = await readFile(path);
      for (let at = 12; at < good.length; at += Math.ceil(good.length / 60)) {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] as number) ^ 0x10;
        await writeFile(path, bytes);
        await expect(replayLayers([layer])).rejects.toMatchObject({
          code: "DIGEST_MISMATCH",
          what: `blob ${layer.digest}`,
        });
      }
    }),
  );

  test("a cut blob", () =>
    damaged(
      (bytes) => bytes.subarray(0, -1),
      async (store) => {
        const { layers } = await store.image("web");
        await expectFault("SIZE_MISMATCH", () => replayLayers(layers));
      },
    ));

  test("writing the same layer again mends it, copying too", () =>
    damaged(flipped, async (store, digest) => {
      await withStore(async (good) => {
        await good.tag("web", await imageOf(good, [fileOf("a", "one".repeat(1000))]));
        await copyImage(good, store, "web");
        expect(digestOf(await readFile(blobPath(store, digest)))).toBe(digest);
      });
    }));

  test("a missing blob, a changed manifest, a broken index", () =>
    withStore(async (store) => {
      const image = await imageOf(store, [fileOf("a", "one")]);
      await store.tag("web", image);
      const manifest = await readFile(blobPath(store, image.digest));
      await writeFile(
        blobPath(store, image.digest),
        Buffer.from(manifest.toString().replace("2", "3")),
      );
      await expectFault("DIGEST_MISMATCH", () => store.image("web"));
      expect((await store.list())[0]).toMatchObject({
        ref: "web:latest",
        damage: { code: "DIGEST_MISMATCH" },
      });
      await rename(blobPath(store, image.digest), join(store.directory, "elsewhere"));
      await expectFault("BLOB_UNKNOWN", () => store.image("web"));
      await expectFault("BLOB_UNKNOWN", () => store.tag("other", image));
      await writeFile(join(store.directory, "index.json"), '{"schemaVersion":2,"manif');
      await expectFault("MANIFEST_INVALID", () => store.image("web"));
      await expectFault("MANIFEST_INVALID", () => store.list());
    }));

  test("a layer that is not what the configuration says", () =>
    withStore(async (store) => {
      const layer = await store.writeLayer(inPieces(await archiveOf([fileOf("a", "one")])));
      const lying = { ...layer, diffId: digestOf("other") as string as typeof layer.diffId };
      const { layers } = await store.writeImage({ config, layers: [lying] });
      await expectFault("DIGEST_MISMATCH", () => replayLayers(layers));
    }));

  test("a directory that is no layout", () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"9"}');
      await expectFault("STORE_UNREADABLE", () => openStore(directory));
      await writeFile(join(directory, "file"), "");
      await expectFault("STORE_UNREADABLE", () => openStore(join(directory, "file")));
      await expectFault("STORE_UNREADABLE", () =>
        openStore(join(directory, "none"), { create: false }),
      );
    }));

  test("a source that fails leaves nothing behind", () =>
    withStore(async (store) => {
      const failing = async function* () {
        yield Buffer.from("half");
        throw new Error("the source");
      };
      await expect(store.writeLayer(failing())).rejects.toThrow("the source");
      expect(await readdir(join(store.directory, "blobs", "sha256"))).toEqual([]);
    }));
});

describe("locations", () => {
  test("an OCI layout is source and sink, with names as other tools write them", () =>
    withStore(async (own, directory) => {
      const image = await imageOf(own, [fileOf("a", "one")]);
      const layout = join(directory, "layout");
      const put = await putImageAt(`oci:${layout}:1.0`, image, { from: own, own });
      expect(put.digest).toBe(image.digest);
      const text = await readFile(join(layout, "index.json"), "utf8");
      expect(JSON.parse(text).manifests[0].annotations).toEqual({
        "org.opencontainers.image.ref.name": "1.0",
      });
      for (const name of [`oci:${layout}:1.0`, `oci:${layout}`]) {
        expect((await openImageAt(name, own)).image.digest).toBe(image.digest);
      }
      await expectFault("IMAGE_UNKNOWN", () => openImageAt(`oci:${layout}:2.0`, own));
      await expectFault("STORE_UNREADABLE", () => openImageAt(`oci:${directory}/none`, own));
      await putImageAt(`oci:${layout}:2.0`, image, { from: own, own });
      expect((await openImageAt(`oci:${layout}`, own)).image.digest).toBe(image.digest);
      const other = await imageOf(own, [fileOf("a", "two")]);
      await putImageAt(`oci:${layout}:3.0`, other, { from: own, own });
      await expectFault("IMAGE_UNKNOWN", () => openImageAt(`oci:${layout}`, own));
      expect(await readdir(directory)).toEqual(expect.not.arrayContaining(["none"]));
    }));

  test("copying keeps the digest", () =>
    withStore(async (from, directory) => {
      const image = await imageOf(from, [fileOf("a", "one")], [fileOf("b", "two")]);
      await from.tag("web", image);
      const to = await openStore(join(directory, "to"));
      expect((await copyImage(from, to, "web", { as: "copy:1" })).digest).toBe(image.digest);
      expect((await replayLayers((await to.image("copy:1")).layers)).size).toBe(3);
    }));
});

test("where the store is", async () => {
  expect(defaultStoreDirectory({ LITHIFY_STORE: "/s", XDG_DATA_HOME: "/x" })).toBe("/s");
  expect(defaultStoreDirectory({ XDG_DATA_HOME: "/x", HOME: "/h" })).toBe("/x/lithify");
  expect(defaultStoreDirectory({ HOME: "/h" })).toBe("/h/.local/share/lithify");
  await withStore(async (store) => {
    expect(store.cacheDirectory("layers")).toBe(join(store.directory, "cache", "layers"));
    await mkdir(join(store.cacheDirectory("layers"), hexOf(digestOf("x"))));
  });
});
