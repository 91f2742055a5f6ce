import { readFile } from "node:fs/promises";
import type { Store } from "@lithify/oci";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../src/audit.ts";
import { openSealed } from "../src/open-sealed.ts";
import { parsePolicy } from "../src/policy-parse.ts";
import { defaultPolicy } from "../src/policy-profiles.ts";
import { seal } from "../src/seal.ts";
import { echoConfig, echoLayers, imageOf, temporaryStore } from "./fixture.ts";

let store: Store;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ store, remove } = await temporaryStore());
});
afterEach(() => remove());

async function examplePolicy() {
  const file = new URL("../../../examples/echo-gateway/lithify.yaml", import.meta.url);
  return parsePolicy(await readFile(file, "utf8"), "lithify.yaml");
}

describe("the echo gateway from a checkout under umask 002", () => {
  test("is mutable for members of group 0, and immutable once sealed", async () => {
    const image = await imageOf(store, echoLayers, echoConfig);
    const policy = await examplePolicy();
    const before = await audit(image, { policy });
    expect(before.immutable).toBe(false);
    const content = before.findings.find((finding) => finding.rule === "LI-CONTENT");
    expect(content).toMatchObject({ identity: "drouter", route: "content" });
    const { sealed, plan, bytesAdded } = await seal(store, image, policy);
    expect(plan.map((row) => row.action)).toEqual(["directories", "rewrite", "rewrite"]);
    expect(bytesAdded).toBeGreaterThan(0);
    const after = await audit(sealed.image, { policy });
    expect(after.findings).toEqual([]);
    expect(after.immutable).toBe(true);
  });

  test("verifies, and sealing it again changes nothing", async () => {
    const image = await imageOf(store, echoLayers, echoConfig);
    const policy = await examplePolicy();
    const { sealed, statement } = await seal(store, image, policy);
    const opened = await openSealed(store, sealed.image);
    expect(opened.statement).toEqual(statement);
    const again = await seal(store, sealed.image, policy);
    expect(again.sealed.image.digest).toBe(sealed.image.digest);
    expect(again.statement).toEqual(statement);
    expect(again.plan.every((row) => row.action === "reuse")).toBe(true);
  });

  test("without a lithify.yaml the profile gives the same image", async () => {
    const image = await imageOf(store, echoLayers, echoConfig);
    const mine = await seal(store, image, await examplePolicy());
    const theirs = await seal(store, image, defaultPolicy(image));
    expect(theirs.sealed.image.digest).toBe(mine.sealed.image.digest);
  });
});
