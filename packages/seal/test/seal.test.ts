import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { type Image, type ProcessConfig, type Store, writeTar } from "@lithify/oci";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../src/audit/audit.ts";
import { parsePolicy } from "../src/policy/parse.ts";
import type { Policy } from "../src/policy/policy.ts";
import { defaultPolicy } from "../src/policy/profiles.ts";
import { openSealed } from "../src/sealing/open-sealed.ts";
import { type Sealed, seal } from "../src/sealing/seal.ts";
import { type Statement, sealLabel, statementType } from "../src/statement/statement.ts";
import {
  echoConfig,
  echoLayers,
  imageOf,
  type Line,
  parseLine,
  temporaryStore,
} from "./fixture.ts";
import { randomTree } from "./random-tree.ts";

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
    const encoders = sealed.image.layers.map(({ descriptor }) => descriptor.annotations);
    expect(encoders.slice(1, 3)).toEqual([
      { "io.lithify.encoder": "gzip-patched/1" },
      { "io.lithify.encoder": "gzip-patched/1" },
    ]);
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

describe("seal", () => {
  const policy = parsePolicy("version: 1\nuser: '9:9'\nwritable: [/data]", "f");
  const layer = ["d 0755 0:0 /app", "f 0664 0:0 /app/file x", "d 0755 0:0 /data"];

  test("gives the same digest in another store", async () => {
    const here = await seal(store, await imageOf(store, [layer]), policy);
    const other = await temporaryStore();
    try {
      const there = await seal(other.store, await imageOf(other.store, [layer]), policy);
      expect(there.sealed.image.digest).toBe(here.sealed.image.digest);
      expect(there.statement).toEqual(here.statement);
    } finally {
      await other.remove();
    }
  });

  test("a dry run gives the plan and writes nothing", async () => {
    const image = await imageOf(store, [layer]);
    const before = await readdir(join(store.directory, "blobs/sha256"));
    const result = await seal(store, image, policy, { dryRun: true });
    expect(result.plan.map((row) => row.action)).toEqual(["rewrite"]);
    expect(await readdir(join(store.directory, "blobs/sha256"))).toEqual(before);
  });

  test("sets the user, removes volumes over protected objects, keeps the rest of the configuration", async () => {
    const config: ProcessConfig = {
      User: "root",
      Env: ["A=1"],
      Cmd: ["/app/file"],
      Volumes: { "/app": {}, "/data/cache": {} },
      Labels: { name: "web" },
    };
    const { sealed } = await seal(store, await imageOf(store, [layer], config), policy, {
      user: "8:8",
    });
    const { Labels, ...rest } = sealed.image.config.config ?? {};
    expect(rest).toEqual({
      User: "8:8",
      Env: ["A=1"],
      Cmd: ["/app/file"],
      Volumes: { "/data/cache": {} },
    });
    expect(Labels).toMatchObject({ name: "web", [sealLabel]: expect.stringMatching(/^sha256:/u) });
    expect(sealed.statement.policy.user).toBe("8:8");
  });

  test("what the policy cannot mend stays a finding", async () => {
    const image = await imageOf(store, [[...layer, "l 0777 0:0 /app/link -> /data/target"]]);
    const { sealed } = await seal(store, image, policy);
    const report = await audit(sealed.image, { policy });
    expect(report.immutable).toBe(false);
    expect(report.findings.map((finding) => finding.rule)).toContain("LI-LINK");
  });

  test("on random trees: nothing is left to write, add, replace or own, and sealing again changes nothing", async () => {
    const trees = fc.sample(randomTree, { numRuns: 50, seed: 7 });
    let count = 0;
    for (const { lines, xattrs } of trees) {
      const policyFor = parsePolicy(
        "version: 1\nuser: '1001:2001'\nidentities: ['1002:2002', '5:0']",
        "f",
      );
      const image = await imageOf(store, [withLinkModes(lines)], {}, xattrs);
      const outcome = await sealOrConflict(image, policyFor);
      if (outcome === undefined) continue;
      count += 1;
      const { sealed } = outcome;
      const report = await audit(sealed.image, { policy: policyFor });
      const kinds = report.findings
        .map((finding) => finding.rule)
        .filter((rule) => rule !== "LI-LINK");
      expect(kinds, lines.join("\n")).toEqual([]);
      const again = await seal(store, sealed.image, policyFor);
      expect(again.sealed.image.digest).toBe(sealed.image.digest);
    }
    // The others are refused, since an identity would lose what it could read.
    expect(count).toBeGreaterThan(10);
  });

  async function sealOrConflict(image: Image, policyFor: Policy): Promise<Sealed | undefined> {
    try {
      return await seal(store, image, policyFor);
    } catch (error) {
      if (isFault(error, "SEAL_CONFLICT")) return undefined;
      throw error;
    }
  }
});

describe("openSealed", () => {
  const policy = parsePolicy("version: 1\nuser: '9:9'", "f");
  const layer = ["d 0755 0:0 /app", "f 0644 0:0 /app/file x"];

  test("an image that was never sealed", async () => {
    expect(await codeOf(openSealed(store, await imageOf(store, [layer])))).toBe("SEAL_MISSING");
  });

  test("by name", async () => {
    const { sealed } = await seal(store, await imageOf(store, [layer]), policy);
    await store.tag("web:1", sealed.image);
    expect((await openSealed(store, "web:1")).image.digest).toBe(sealed.image.digest);
  });

  test("the label alone, put on another tree, is no seal", async () => {
    const { sealed, statement } = await seal(store, await imageOf(store, [layer]), policy);
    const labels = sealed.image.config.config?.Labels ?? {};
    const forged = await imageOf(store, [["d 0755 0:0 /app", "f 0644 0:0 /app/file EVIL"]], {
      User: "9:9",
      Labels: labels,
    });
    expect(await codeOf(openSealed(store, forged))).toBe("SEAL_MISSING");
    await attach(forged, { ...statement, image: forged.digest });
    expect(await codeOf(openSealed(store, forged))).toBe("SEAL_INVALID");
  });

  test("an image built on a sealed one has its label, and can be sealed itself", async () => {
    const base = (await seal(store, await imageOf(store, [layer]), policy)).sealed.image;
    const { rootfs: _, ...config } = base.config;
    const top = await store.writeLayer(writeTar([]));
    const derived = await store.writeImage({ config, layers: [...base.layers, top] });
    expect(await codeOf(openSealed(store, derived))).toBe("SEAL_MISSING");
    const { sealed } = await seal(store, derived, policy);
    expect((await openSealed(store, sealed.image)).statement.from).toBe(derived.digest);
  });

  test.each<readonly [string, (statement: Statement) => object]>([
    [
      "another policy",
      (statement) => ({ ...statement, policy: { ...statement.policy, writable: ["/"] } }),
    ],
    ["another root", (statement) => ({ ...statement, root: statement.from })],
    ["fewer doubts", (statement) => ({ ...statement, notProven: [] })],
    ["no fields", () => ({})],
  ])("a statement with %s is passed over", async (_name, change) => {
    const { sealed, statement } = await seal(store, await imageOf(store, [layer]), policy);
    const before = await openSealed(store, sealed.image);
    await attach(sealed.image, change(statement));
    expect((await openSealed(store, sealed.image)).statement).toEqual(before.statement);
  });

  function attach(image: Image, document: object) {
    const bytes = Buffer.from(JSON.stringify(document));
    return store.attach(image, { artifactType: statementType, mediaType: statementType, bytes });
  }
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
  return "none";
}

/** In an archive a hard link carries mode and owner of what it names. */
function withLinkModes(lines: readonly Line[]): readonly Line[] {
  return lines.map((line) => {
    const parsed = parseLine(line);
    if (parsed.type !== "hardlink") return line;
    const named = lines.map(parseLine).find((each) => each.path === parsed.rest);
    const mode = (named?.mode ?? 0).toString(8).padStart(4, "0");
    return `h ${mode} ${named?.uid}:${named?.gid} ${parsed.path} -> ${parsed.rest}`;
  });
}
