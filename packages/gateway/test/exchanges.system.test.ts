import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CaseServer, serveCases } from "./support/case-server.ts";
import { exchange, wireForm } from "./support/raw-client.ts";

/**
 * Golden exchanges: a folder per case with its configuration, its scripts, and pairs of
 * N.request and N.response. `{{any}}` in a response stands for a value of one run.
 */
const cases = join(import.meta.dirname, "cases/exchanges");
const names = readdirSync(cases).sort();
let server: CaseServer;

beforeAll(async () => {
  server = await serveCases(cases, names);
});
afterAll(() => server.stop());

describe.each(names)("%s", (name) => {
  const requests = readdirSync(join(cases, name))
    .filter((file) => file.endsWith(".request"))
    .sort();
  test.each(requests)("%s", async (file) => {
    const { port, reasons } = server.ports[name]!;
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
  expect(server.exitCode).toBeNull();
});
