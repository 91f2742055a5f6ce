import { isFault } from "@lithify/fault";
import type { Store } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audit } from "../src/audit/audit.ts";
import {
  everything,
  identity,
  imageOf,
  type Line,
  temporaryStore,
  type Xattrs,
} from "./fixture.ts";

let store: Store;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ store, remove } = await temporaryStore());
});
afterAll(() => remove());

const closed: readonly Line[] = ["d 0700 0:0 /app", "f 0666 0:0 /app/config x"];

async function findingsOf(layers: readonly (readonly Line[])[], xattrs: Xattrs = {}) {
  const image = await imageOf(store, layers, {}, xattrs);
  const options = { policy: everything, identities: [identity(9, 9)], store };
  const first = await audit(image, options);
  const again = await audit(await imageOf(store, layers, {}, xattrs), options);
  expect(again.findings).toEqual(first.findings);
  return first.findings.map(({ rule, path, witness }) => ({ rule, path, witness }));
}

describe("directories that a later layer does not name", () => {
  test("leave open whether they are closed, also from the cached tree", async () => {
    expect(await findingsOf([closed, ["f 0644 0:0 /app/more x"]])).toEqual([
      {
        rule: "LI-UNDECIDABLE",
        path: "/app/config",
        witness: [
          "`/app` is drwx------ root:root, but a later layer puts something into it without naming it, and engines that unpack a layer by itself make it drwxr-xr-x root:root then, so nothing is sure",
          "`/app/config` is -rw-rw-rw- root:root and you are neither its owner nor in group root, so the class for others decides, which has w",
          "whether you can open it for writing cannot be told",
        ],
      },
    ]);
  });

  test.each([
    ["a whiteout passes over them, too", ["f 0000 0:0 /app/.wh.gone"], 1],
    ["named in the same layer, in either order", ["f 0644 0:0 /app/more x", "d 0700 0:0 /app"], 0],
    ["nothing is put into them", ["f 0644 0:0 /other x"], 0],
  ])("%s", async (_, layer, found) => {
    expect(await findingsOf([closed, layer])).toHaveLength(found);
  });

  test("named by a layer still later they are what that says", async () => {
    const layers = [closed, ["f 0644 0:0 /app/more x"], ["d 0700 0:0 /app"]];
    expect(await findingsOf(layers)).toEqual([]);
  });
});

describe("what an overlay would take for its own", () => {
  test.each([
    ["a whiteout as a device", ["c 0666 0:0 /app/x 0:0"], {}],
    ["an opaque directory", ["d 0755 0:0 /app"], { "/app": { "trusted.overlay.opaque": "y" } }],
    ["a redirect, for users", ["d 0755 0:0 /app"], { "/app": { "user.overlay.redirect": "/x" } }],
  ])("%s is refused", async (_, layer, named) => {
    const xattrs = Object.fromEntries(
      Object.entries(named).map(([path, set]) => [
        path,
        Object.fromEntries(
          Object.entries<string>(set).map(([name, text]) => [name, Buffer.from(text)]),
        ),
      ]),
    );
    const fault = await findingsOf([closed, layer], xattrs).catch((error: unknown) => error);
    expect(isFault(fault, "LAYER_UNSAFE")).toBe(true);
  });
});
