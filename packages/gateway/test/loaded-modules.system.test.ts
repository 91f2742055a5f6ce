import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/free-port.ts";

const packageRoot = fileURLToPath(new URL("..", import.meta.url));
const example = fileURLToPath(new URL("../../../examples/echo-gateway/src", import.meta.url));

const recorder = fileURLToPath(new URL("../../../test/module-recorder.mjs", import.meta.url));

/** Most files that a gateway loads which only runs scripts: each costs about 2 ms of processor time. */
const mostModules = 195;

/** What such a gateway has no use for, by the beginning of the path below `src/` or by name. */
const useless = [
  "aaa",
  "backside/http-client",
  "casefile/",
  "front/http2",
  "front/secure-front",
  "json/json-schema",
  "lint/",
  "manage/",
  "metrics/",
  "plan/aaa/",
  "plan/actions/conditional",
  "plan/actions/extract",
  "plan/actions/for-each",
  "plan/crypto/client-profile",
  "plan/crypto/script-keys",
  "plan/crypto/server-tls",
  "plan/services/xmlfirewall",
  "plan/slm/",
  "rules/aaa/",
  "rules/actions/aaa",
  "rules/actions/transform",
  "rules/slm/",
  "script/jose-operations",
  "serve/backend",
  "xml/parse",
  "xml/scan",
  "xml/xsd",
  "node:cluster",
  "node:tls",
];

describe("what a gateway loads", () => {
  const folder = mkdtempSync(join(tmpdir(), "loaded-"));
  let gateway: ChildProcess | undefined;
  let loaded: string[] = [];

  beforeAll(async () => {
    const root = join(folder, "root");
    cpSync(example, root, { recursive: true });
    const port = await freePort();
    const file = join(root, "config/echo/echo.cfg");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^( *port) 8080$/m, `$1 ${port}`));
    const record = join(folder, "record.json");
    const args = ["--import", recorder, join(packageRoot, "src/main.ts"), root];
    const env = {
      PATH: "/usr/bin:/bin",
      GATEWAY_HEALTH_PORT: "0",
      RECORD: record,
      RECORD_AT: "SIGTERM",
    };
    gateway = spawn(process.execPath, args, {
      env: { ...env, DATAPOWER_WORKER_THREADS: "1" },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => gateway!.once("exit", resolve));
    await answered(`http://127.0.0.1:${port}/`);
    gateway.kill("SIGTERM");
    await ended;
    const urls = JSON.parse(readFileSync(record, "utf8")) as string[];
    const source = new URL("../src/", import.meta.url).href;
    loaded = urls.map((url) => url.replace(source, ""));
  });

  afterAll(() => {
    gateway?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("is no more than it was", () => {
    const files = loaded.filter((url) => !url.startsWith("node:"));
    expect(files).toContain("script/script-runner.ts");
    expect(files.length).toBeLessThanOrEqual(mostModules);
  });

  it.each(useless)("is nothing of %s where a script answers everything", (name) => {
    expect(loaded.filter((url) => url.startsWith(name))).toEqual([]);
  });
});

async function answered(url: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      const answer = await fetch(url, { method: "POST", body: "x" });
      await answer.text();
      if (answer.status === 200) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error(`${url} did not answer 200`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
