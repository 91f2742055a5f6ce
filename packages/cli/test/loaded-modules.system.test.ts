import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, writeTar } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../bin/lithify.js", import.meta.url));

const recorder = fileURLToPath(new URL("../../../test/module-recorder.mjs", import.meta.url));

/** Most files that an audit loads: each costs more than half a millisecond of processor time. */
const mostModules = 208;

/** What an audit has no use for, by a part of its address. */
const useless = [
  "/node_modules/yaml/",
  "/build/src/",
  "/engine/src/",
  "/oci/src/archive/",
  "/oci/src/daemon/",
  "/oci/src/registry/http",
  "/seal/src/launch/compose",
  "/seal/src/launch/kubernetes",
  "/seal/src/policy/parse",
  "/seal/src/report/html",
  "node:http",
  "node:https",
  "node:tls",
];

describe("what an audit loads", () => {
  const folder = mkdtempSync(join(tmpdir(), "loaded-"));
  let loaded: string[] = [];

  beforeAll(async () => {
    const store = await openStore(join(folder, "store"));
    const layer = await store.writeLayer(writeTar([]));
    const config = { architecture: "amd64", os: "linux", config: { User: "9:9" } };
    await store.tag("empty", await store.writeImage({ config, layers: [layer] }));
    const record = join(folder, "record.json");
    const args = ["--import", recorder, program, "audit", "empty", "--json"];
    const env = {
      ...process.env,
      RECORD: record,
      RECORD_AT: "exit",
      LITHIFY_STORE: join(folder, "store"),
    };
    const ended = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
    expect(JSON.parse(ended.stdout)).toMatchObject({ immutable: true });
    loaded = JSON.parse(readFileSync(record, "utf8")) as string[];
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is no more than it was", () => {
    expect(loaded.some((url) => url.endsWith("/seal/src/audit/audit.ts"))).toBe(true);
    expect(loaded.length).toBeLessThanOrEqual(mostModules);
  });

  it.each(useless)("is nothing of %s", (part) => {
    expect(loaded.filter((url) => url.includes(part))).toEqual([]);
  });
});
