import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BlobReader } from "../src/blob/blob-store.ts";
import { compress } from "../src/blob/compression.ts";
import { type DiffId, type Digest, digestOf } from "../src/blob/digest.ts";
import { layerFromBlob } from "../src/image/layer.ts";
import { type Descriptor, mediaTypes } from "../src/image/manifest.ts";
import { changeLayoutIndex, refNameAnnotation } from "../src/store/layout-index.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import { headerBytes } from "../src/tar/write.ts";
import { copyBetween } from "../src/transport/copy.ts";
import { openImageSink, openImageSource } from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { replayLayers } from "../src/tree/replay.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf, withDirectory } from "./expectations.ts";

const config = { architecture: "amd64", os: "linux" };

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };

/** As RFC 7396, but that numbers are positions in lists. */
function merged(into: Json, patch: Json): Json {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  if (typeof into !== "object" || into === null) return patch;
  const out: { [key: string]: Json } = { ...(into as { [key: string]: Json }) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merged(out[key] ?? null, value);
  }
  return Array.isArray(into) ? Object.values(out) : out;
}

async function named(store: Store, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const descriptor = { mediaType, ...(await store.write(bytes)) };
  const annotations = { [refNameAnnotation]: "web:1" };
  await changeLayoutIndex(store.directory, () => [{ ...descriptor, annotations }]);
  return descriptor;
}

async function oneImage(store: Store) {
  const layer = await store.writeLayer(inPieces(await archiveOf([fileOf("a", "content")])));
  return store.writeImage({ config, layers: [layer] });
}

/** What copying, validating and opening end in; nothing is named where it was to go, and what is there is sound. */
async function outcomes(store: Store): Promise<readonly (string | undefined)[]> {
  const to = await openStore(join(store.directory, "..", "to"));
  const source = () => openImageSource("web:1", { own: store });
  const copied = await faultCodeOf(async () =>
    copyBetween(await source(), await openImageSink("web:1", { own: to }), { all: true }),
  );
  if (copied !== undefined) expect(await to.list()).toEqual([]);
  for (const name of await readdir(join(to.directory, "blobs", "sha256")))
    await collect(to.open(`sha256:${name}` as Digest));
  const opened = faultCodeOf(async () => {
    for (const layer of (await store.image("web:1")).layers) await collect(layer.uncompressed());
  });
  return [copied, await faultCodeOf(async () => validateSource(await source())), await opened];
}

const text = readFileSync(new URL("cases/hostile-manifests.txt", import.meta.url), "utf8");
const cases = text
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | ") as [string, string, string]);

describe("a manifest with", () => {
  test.each(cases)("%s: %s", (code, _, patch) =>
    withDirectory(async (directory) => {
      const store = await openStore(join(directory, "from"));
      const { manifest } = await oneImage(store);
      const changed = merged(manifest as unknown as Json, JSON.parse(patch) as Json);
      await named(store, Buffer.from(JSON.stringify(changed)), mediaTypes.manifest);
      const wanted = code.split(" ").map((each) => (each === "-" ? undefined : each));
      expect(await outcomes(store)).toEqual(wanted.length === 1 ? Array(3).fill(code) : wanted);
    }),
  );
});

describe("an index", () => {
  test.each([
    [1, undefined],
    [2, undefined],
    [20, "LIMIT_EXCEEDED"],
    [300, "LIMIT_EXCEEDED"],
  ])("%i deep", (depth, code) =>
    withDirectory(async (directory) => {
      const store = await openStore(join(directory, "from"));
      let inner: Descriptor = (await oneImage(store)).descriptor;
      for (let level = 0; level < depth; level += 1) {
        const platform = { os: "linux", architecture: "amd64" };
        const manifests = [{ ...inner, platform }];
        const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
        inner = await named(store, Buffer.from(JSON.stringify(index)), mediaTypes.index);
      }
      expect((await outcomes(store)).slice(0, 2)).toEqual([code, code]);
    }),
  );

  test("that names the same member ten thousand times reads it once", () =>
    withDirectory(async (directory) => {
      const store = await openStore(join(directory, "from"));
      const { descriptor } = await oneImage(store);
      const manifests = Array.from({ length: 10_000 }, () => descriptor);
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      await named(store, Buffer.from(JSON.stringify(index)), mediaTypes.index);
      const [copied, valid] = await outcomes(store);
      expect([undefined, "LIMIT_EXCEEDED"]).toContain(copied);
      expect(valid).toBe(copied);
    }));
});

/** A layer whose blob is a beginning and then the same piece so many times. */
function endlessLayer(piece: Buffer, times: number, given: { pieces: number }) {
  const store: BlobReader = {
    async *open() {
      for (; given.pieces < times; given.pieces += 1) yield piece;
    },
  };
  const digest = digestOf(piece);
  const descriptor = { mediaType: mediaTypes.layerGzip, digest, size: piece.length * times };
  return layerFromBlob(store, descriptor, digest as string as DiffId);
}

describe("a compressed layer", () => {
  test("of ten million entries is given up at a million", { timeout: 120_000 }, async () => {
    const header = headerBytes(entryOf("a", "file"));
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => header));
    const given = { pieces: 0 };
    const layer = endlessLayer(await collect(compress(inPieces(thousand), "gzip")), 10_000, given);
    await expectFault("LIMIT_EXCEEDED", () => replayLayers([layer]));
    expect(given.pieces).toBeLessThan(1100);
  });

  test("whose archive ends and whose stream does not is read no further than a bomb may", async () => {
    const zeros = await collect(compress(inPieces(Buffer.alloc(512 * 1024)), "gzip"));
    const given = { pieces: 0 };
    const code = await faultCodeOf(() => replayLayers([endlessLayer(zeros, 3000, given)]));
    // All of it is zeros: it is no archive of that digest, and is known as such at its end
    expect(code).toBe("DIGEST_MISMATCH");
  });
});
