import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../src/blob/digest.ts";
import { mediaTypes } from "../src/image/manifest.ts";
import { changeLayoutIndex, refNameAnnotation } from "../src/store/layout-index.ts";
import { openStore } from "../src/store/layout-store.ts";
import { copyBetween } from "../src/transport/copy.ts";
import { openImageSink, openImageSource } from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, withDirectory } from "./expectations.ts";

test("of an index goes every member, or the one of a platform", () =>
  withDirectory(async (directory) => {
    const own = await openStore(join(directory, "own"));
    const members = [];
    for (const architecture of ["amd64", "arm64"]) {
      const archive = await archiveOf([fileOf("a", architecture)]);
      const layer = await own.writeLayer(inPieces(archive));
      const image = await own.writeImage({
        config: { os: "linux", architecture },
        layers: [layer],
      });
      members.push({ ...image.descriptor, platform: { os: "linux", architecture } });
    }
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: members };
    const bytes = Buffer.from(JSON.stringify(index));
    await own.write(bytes);
    const root = { mediaType: mediaTypes.index, digest: digestOf(bytes), size: bytes.length };
    const annotations = { [refNameAnnotation]: "multi:1" };
    await changeLayoutIndex(own.directory, (before) => [...before, { ...root, annotations }]);

    const file = join(directory, "all.tar");
    const copy = async (to: string, options: Parameters<typeof copyBetween>[2]) => {
      const sink = await openImageSink(to, { own });
      return copyBetween(await openImageSource("multi:1", { own }), sink, options);
    };
    expect((await copy(`oci-archive:${file}:x`, { all: true })).digest).toBe(root.digest);
    const back = await openImageSource(`oci-archive:${file}:x`, { own });
    expect(await validateSource(back)).toMatchObject({ manifests: 3, layers: 2 });
    await back.close();
    const platform = { os: "linux", architecture: "arm64" };
    expect((await copy("one:1", { platform })).digest).toBe(members[1]?.digest);
    const unknown = { platform: { os: "linux", architecture: "none" } };
    await expectFault("IMAGE_UNKNOWN", () => copy("one:2", unknown));
  }));

test.each(["oci:DIR/to:1", "oci-archive:DIR/to.tar:1", "docker-archive:DIR/to.tar:web"])(
  "a copy to %s that is stopped leaves nothing",
  (place) =>
    withDirectory(async (directory) => {
      const own = await openStore(join(directory, "own"));
      const archive = await archiveOf([fileOf("a", "x".repeat(3_000_000))]);
      const layers = [await own.writeLayer(inPieces(archive), { compression: "none" })];
      const config = { os: "linux", architecture: "amd64" };
      await own.tag("web:1", await own.writeImage({ config, layers }));
      const stop = new AbortController();
      const source = await openImageSource("web:1", { own, signal: stop.signal });
      const sink = await openImageSink(place.replace("DIR", directory), { own });
      stop.abort(new Error("stopped"));
      await expect(copyBetween(source, sink)).rejects.toThrow("stopped");
      if (sink.kind === "blobs") await sink.close();
      const left = await readdir(directory, { recursive: true });
      const files = left.filter(
        (name) => !name.startsWith("own") && /tmp|to\.tar|[0-9a-f]{64}/.test(name),
      );
      expect(files).toEqual([]);
    }),
);
