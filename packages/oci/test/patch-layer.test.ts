import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress } from "../src/blob/compression.ts";
import { digestOf, parseDiffId } from "../src/blob/digest.ts";
import type { Layer } from "../src/image/image.ts";
import { layerFromBlob } from "../src/image/layer.ts";
import { mediaTypes } from "../src/image/manifest.ts";
import { openStore } from "../src/store/layout-store.ts";
import { patchLayer } from "../src/store/patch-layer.ts";
import type { Store } from "../src/store/store.ts";
import type { TarEntry } from "../src/tar/entry.ts";
import { patchTar, type TarPatch } from "../src/tar/patch.ts";
import { type ScannedLayer, scanLayer } from "../src/tree/replay.ts";
import { arbitraryInputs } from "./arbitrary-entries.ts";
import { archiveOf, collect, fileOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";

async function layerOf(store: Store, archive: Buffer, stream: Buffer): Promise<Layer> {
  const { digest, size } = await store.write(stream);
  const diffId = parseDiffId(digestOf(archive));
  return layerFromBlob(store, { mediaType: mediaTypes.layerGzip, digest, size }, diffId);
}

function scanOf(archive: Buffer, headers: boolean) {
  const scan = scanLayer({ headers });
  scan.push(archive);
  return scan.end();
}

/** What the notes of the headers are good for. */
function furtherChanges({ members, headers }: ScannedLayer) {
  expect(headers?.count).toBe(members.length);
  return members.flatMap(({ entry }, number) =>
    [{ mode: 0o421 }, { uid: 7, gid: 8 }].map((patch) => headers?.changeOf(number, entry, patch)),
  );
}

describe("patchLayer", () => {
  test("gives the archive of patchTar, and what was read of its contents", async () => {
    const id = fc.integer({ min: 0, max: 0xffff_fffe });
    const changes = fc.array(
      fc.option(fc.record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: id, gid: id })),
      { maxLength: 12 },
    );
    await withDirectory(async (directory) => {
      const store = await openStore(directory);
      let inPlace = 0;
      await fc.assert(
        fc.asyncProperty(arbitraryInputs, changes, fc.boolean(), async (inputs, wanted, isOwn) => {
          const archive = Buffer.concat([await archiveOf(inputs), Buffer.from("trailing bytes")]);
          const stream = isOwn
            ? await collect(compress(inPieces(archive), "gzip"))
            : gzipSync(archive, { level: 1 + (inputs.length % 9) });
          const layer = await layerOf(store, archive, stream);
          const patchOf = () => {
            const rest = [...wanted];
            return (): TarPatch | undefined => rest.shift() ?? undefined;
          };
          const done = await patchLayer(store, layer, scanOf(archive, true), patchOf());
          if (done === undefined) return;
          inPlace += 1;
          const expected = await collect(patchTar(inPieces(archive), patchOf()));
          expect(done.layer.diffId).toBe(digestOf(expected));
          expect((await collect(done.layer.uncompressed())).equals(expected)).toBe(true);
          const read = scanOf(expected, true);
          expect(done.scanned.members).toEqual(read.members);
          expect(furtherChanges(done.scanned)).toEqual(furtherChanges(read));
        }),
        { numRuns: 150 },
      );
      expect(inPlace).toBeGreaterThan(30);
    });
  });

  test("is not done where a header would grow, or was not looked at, or the stream is none of gzip", async () => {
    await withDirectory(async (directory) => {
      const store = await openStore(directory);
      const xattrs = new Map([["security.capability", Buffer.from([1, 2, 3])]]);
      const archive = await archiveOf([
        fileOf("with", "content", { xattrs }),
        fileOf("owned", "content", { uid: 3_000_000 }),
      ]);
      const layer = await layerOf(store, archive, gzipSync(archive));
      const scanned = scanOf(archive, true);
      const done = (patch: TarPatch, from = scanned, of = layer) =>
        patchLayer(store, of, from, ({ path }: TarEntry) => (path === "owned" ? patch : undefined));
      expect(await done({ mode: 0o600 })).toBeDefined();
      expect(await done({ uid: 0 })).toBeUndefined();
      expect(await done({ mode: 0o600 }, scanOf(archive, false))).toBeUndefined();
      expect(
        await done({ mode: 0o600 }, scanned, await layerOf(store, archive, archive)),
      ).toBeUndefined();
      const drop = { removeXattrs: ["security.capability"] };
      expect(await patchLayer(store, layer, scanned, () => drop)).toBeUndefined();
    });
  });

  test("does not believe a layer that is not what was looked at", async () => {
    await withDirectory(async (directory) => {
      const store = await openStore(directory);
      const archive = await archiveOf([fileOf("a", "one content"), fileOf("b", "the same")]);
      const other = await archiveOf([fileOf("a", "two content"), fileOf("b", "the same")]);
      const layer = await layerOf(store, archive, gzipSync(other));
      expect(
        await patchLayer(store, layer, scanOf(archive, true), () => ({ mode: 0o600 })),
      ).toBeUndefined();
    });
  });
});
