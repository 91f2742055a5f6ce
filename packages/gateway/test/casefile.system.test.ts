import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { expect, test } from "vitest";
import { readCases } from "../src/casefile/read-cases.ts";
import { runCases } from "../src/casefile/run-cases.ts";
import { treeOf } from "./support/tree.ts";

const folder = join(import.meta.dirname, "cases/casefiles");

const tree = {
  "config/auto-startup.cfg": 'domain "d"\nexit\n',
  "config/d/d.cfg": `matching "all"
  urlmatch "*"
exit
action "pass"
  reset
  type results
  input "INPUT"
  output "OUTPUT"
exit
rule "both"
  reset
  type rule
  action "pass"
exit
stylepolicy "p"
  reset
  match "all" "both"
exit
source-http "front"
  port 8080
  allowed-features "HTTP-1.1+GET+POST+QueryString"
exit
mpgw "m"
  type static-backend
  backend-url "http://backend.test:8080"
  front-protocol front
  stylepolicy p
  request-type preprocessed
  response-type preprocessed
exit
`,
};

async function run(name: string) {
  using made = treeOf(tree);
  const cases = readCases(join(folder, "good", name), name);
  return await runCases({ root: made.root, cases, log: () => {}, parallel: 2 });
}

test("an https backend is stood in for without TLS", async () => {
  const config = tree["config/d/d.cfg"]
    .replace("http://backend.test:8080", "https://backend.test")
    .replace("  front-protocol front\n", "  front-protocol front\n  ssl-client c\n");
  const client = 'ssl-client "c"\n  validate-server-cert off\nexit\n';
  using made = treeOf({ ...tree, "config/d/d.cfg": client + config });
  const cases = readCases(join(folder, "secure/secure.yaml"), "secure.yaml");
  const results = await runCases({ root: made.root, cases, log: () => {} });
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  expect(results.map(({ passed }) => passed)).toEqual([true]);
});

test("requests, mocked backends and variables", async () => {
  const results = await run("backends.yaml");
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  expect(results.map(({ name, passed }) => [name, passed])).toEqual([
    ["the backend's answer comes back", true],
    ["a backend that fails", true],
  ]);
});

test("every wrong case fails, with its place", async () => {
  const results = await run("wrong.yaml");
  const told = results.map(({ failures }) =>
    failures.map(({ what, place }) => `${place.line}:${place.column} ${what}`),
  );
  expect(told).toEqual([
    ["5:15 status"],
    ["11:22 sent headers X-Trace"],
    ["16:9 backend"],
    ["18:5 backend"],
    ["21:13 target"],
  ]);
  expect(results.every(({ passed }) => !passed)).toBe(true);
});

test("a configuration without a service that comes up cannot be tested", async () => {
  using made = treeOf({ "config/auto-startup.cfg": "" });
  const cases = readCases(join(folder, "good", "backends.yaml"));
  const running = runCases({ root: made.root, cases, log: () => {} });
  await expect(running).rejects.toMatchObject({ code: "GATEWAY_DOWN" });
});

test.each([
  ["misspelt.yaml", 3, "expectd"],
  ["nameless.yaml", 2, "name"],
  ["number.yaml", 3, "not a number"],
  ["pattern.yaml", 4, "Unterminated"],
  ["syntax.yaml", 2, ""],
])("%s is refused with its line", (name, line, why) => {
  try {
    readCases(join(folder, "bad", name), name);
    expect.unreachable();
  } catch (error) {
    if (!isFault(error, "CASE_INVALID")) throw error;
    expect(error.place).toMatchObject({ file: name, line });
    expect(error.why).toContain(why);
  }
});

test("there is a test for every bad file", () => {
  expect(readdirSync(join(folder, "bad"))).toHaveLength(5);
});
