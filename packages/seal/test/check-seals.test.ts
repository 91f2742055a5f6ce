import { join } from "node:path";
import {
  copyBetween,
  type Image,
  openImageSink,
  openImageSource,
  type Store,
  validateSource,
  writeTar,
} from "@lithify/oci";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parsePolicy } from "../src/policy/parse.ts";
import { checkSeals } from "../src/sealing/check-seals.ts";
import { seal } from "../src/sealing/seal.ts";
import { statementBytes, statementType } from "../src/statement/statement.ts";
import { echoConfig, echoLayers, imageOf, temporaryStore } from "./fixture.ts";

let store: Store;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ store, remove } = await temporaryStore());
});
afterEach(() => remove());

const policy = parsePolicy("version: 1\nprofile: datapower\n", "lithify.yaml");

async function checked(name: string) {
  const source = await openImageSource(name, { own: store });
  try {
    return await checkSeals(source, (await validateSource(source)).images);
  } finally {
    await source.close();
  }
}

async function sealed() {
  const result = await seal(store, await imageOf(store, echoLayers, echoConfig), policy);
  await store.tag("sealed", result.sealed.image);
  return result;
}

/** The sealed image with another layer on top and its label still there. */
async function builtOn({ config, layers }: Image): Promise<Image> {
  const attributes = { mode: 0o666, uid: 0, gid: 0, size: 0, mtime: 0, xattrs: new Map() };
  const entry = { path: "added", type: "file", ...attributes } as const;
  const layer = await store.writeLayer(writeTar([{ entry, body: Buffer.alloc(0) }]));
  const { rootfs: _, ...rest } = config;
  return store.writeImage({ config: rest, layers: [...layers, layer] });
}

test("a seal holds in the store, and in an archive that its referrers were copied to", async () => {
  const { statement, sealed: made } = await sealed();
  const { root, objects } = statement;
  const holds = { image: made.image.digest, answer: "holds", root, objects, signatures: 0 };
  expect(await checked("sealed")).toEqual([holds]);
  const archive = `oci-archive:${join(store.directory, "..", "sealed.tar")}`;
  const source = await openImageSource("sealed", { own: store });
  const sink = await openImageSink(archive, { own: store });
  await copyBetween(source, sink);
  if (sink.kind === "blobs") await sink.close();
  expect(await checked(archive)).toEqual([holds]);
});

test("an image that was never sealed has none", async () => {
  await store.tag("plain", await imageOf(store, echoLayers, echoConfig));
  expect(await checked("plain")).toEqual([]);
});

test("a label without its statement is missing it", async () => {
  const { sealed: made } = await sealed();
  await store.tag("on", await builtOn(made.image));
  expect(await checked("on")).toMatchObject([{ answer: "missing" }]);
});

test("a statement about an image without a label is not bound", async () => {
  const { statement } = await sealed();
  const plain = await imageOf(store, echoLayers, echoConfig);
  const bytes = statementBytes({ ...statement, image: plain.digest });
  await store.attach(plain, { artifactType: statementType, mediaType: statementType, bytes });
  await store.tag("plain", plain);
  expect(await checked("plain")).toMatchObject([{ answer: "unbound", statements: 1 }]);
});

test("a statement of the label for another tree, and others alone, are refused", async () => {
  const { statement, sealed: made } = await sealed();
  const other = await builtOn(made.image);
  const attach = (bytes: Uint8Array) =>
    store.attach(other, { artifactType: statementType, mediaType: statementType, bytes });
  await store.tag("other", other);
  await attach(Buffer.from("{}"));
  await expect(checked("other")).rejects.toMatchObject({ code: "SEAL_INVALID" });
  await attach(statementBytes({ ...statement, image: other.digest }));
  await expect(checked("other")).rejects.toMatchObject({
    code: "SEAL_INVALID",
    values: { stated: statement.root },
  });
});
