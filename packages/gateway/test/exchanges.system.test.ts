import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange, wireForm } from "./support/raw-client.ts";

/**
 * Golden exchanges: a folder per case with its configuration, its scripts, and pairs of
 * N.request and N.response. `{{any}}` in a response stands for a value of one run.
 */
const cases = join(import.meta.dirname, "cases/exchanges");
const names = readdirSync(cases).sort();
const work = mkdtempSync(join(tmpdir(), "gateway-exchanges-"));
let child: ChildProcess;
let ports: Record<string, { port?: number; reasons?: unknown }>;
let log = "";

beforeAll(async () => {
  const main = join(import.meta.dirname, "support/serve-cases.ts");
  child = spawn(process.execPath, [main, work, cases, ...names], { stdio: "pipe" });
  child.stderr!.on("data", (part) => {
    log += String(part);
  });
  ports = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (part) => {
      text += String(part);
      if (text.endsWith("\n")) resolve(JSON.parse(text) as typeof ports);
    });
    child.on("exit", () => reject(new Error(log)));
  });
});

afterAll(() => {
  child.stdin!.end();
  rmSync(work, { recursive: true, force: true });
});

describe.each(names)("%s", (name) => {
  const requests = readdirSync(join(cases, name))
    .filter((file) => file.endsWith(".request"))
    .sort();
  test.each(requests)("%s", async (file) => {
    const { port, reasons } = ports[name]!;
    expect(reasons).toBeUndefined();
    const request = readFileSync(join(cases, name, file), "utf8");
    const expected = readFileSync(join(cases, name, file.replace("request", "response")), "utf8");
    const answer = await exchange(port!, wireForm(request));
    const shown = answer.replaceAll("\r\n", "\n");
    const values = /X-Global-Transaction-ID: ([0-9a-f]{24})/.exec(shown);
    expect(shown).toBe(expected.replaceAll("{{any}}", values?.[1] ?? "(a transaction id)"));
  });
});

test("the process that served all of it is still alive", () => {
  expect(child.exitCode).toBeNull();
});
