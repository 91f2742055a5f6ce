import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleGateway } from "../packages/build/src/base/gateway-program.ts";
import {
  type CaseServer,
  caseServerMain,
  serveCases,
} from "../packages/gateway/test/support/case-server.ts";
import { exchange, wireForm } from "../packages/gateway/test/support/raw-client.ts";
import { root } from "./sources.ts";

const folder = mkdtempSync(join(tmpdir(), "lithify-program-"));
const gateway = join(root, "packages", "gateway");
const fault = join(root, "packages", "fault");
const cases = join(gateway, "test", "cases", "exchanges");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the program that goes into images", () => {
  it("is the same from sources in another place, and has nothing of the place in it", async () => {
    const here = await bundleGateway({ gatewayDirectory: gateway, faultDirectory: fault });
    const place = join(folder, "elsewhere");
    const copies = {
      gatewayDirectory: join(place, "gateway"),
      faultDirectory: join(place, "fault"),
    };
    cpSync(join(gateway, "src"), join(copies.gatewayDirectory, "src"), { recursive: true });
    cpSync(join(fault, "src"), join(copies.faultDirectory, "src"), { recursive: true });
    const there = await bundleGateway(copies);
    expect([...there.keys()].sort()).toEqual([...here.keys()].sort());
    for (const [name, text] of here) expect(there.get(name), name).toBe(text);
    for (const [name, text] of here) expect(text, name).not.toContain(root);
  });

  it("loads what it loads late from files that it has", async () => {
    const program = await bundleGateway({ gatewayDirectory: gateway, faultDirectory: fault });
    const named = [...program.values()].flatMap((text) =>
      [...text.matchAll(/\b(?:require|import)\("\.\/([^"]+)"\)/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((name) => !program.has(name ?? ""))).toEqual([]);
  });
});

describe("the gateway as a program", () => {
  const names = readdirSync(cases).sort();
  let server: CaseServer;

  beforeAll(async () => {
    const place = join(folder, "package");
    mkdirSync(join(place, "program"), { recursive: true });
    cpSync(join(gateway, "data"), join(place, "data"), { recursive: true });
    cpSync(join(gateway, "package.json"), join(place, "package.json"));
    symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
    const sources = { gatewayDirectory: gateway, faultDirectory: fault };
    for (const [name, text] of await bundleGateway(sources, caseServerMain))
      writeFileSync(join(place, "program", name), text);
    server = await serveCases(cases, names, {}, join(place, "program", "main.js"));
  });
  afterAll(() => server?.stop());

  it.each(names)("answers as the sources do: %s", async (name) => {
    const { port, reasons } = server.ports[name]!;
    expect(reasons).toBeUndefined();
    const files = readdirSync(join(cases, name)).filter((file) => file.endsWith(".request"));
    for (const file of files.sort()) {
      const read = (what: string): string => readFileSync(join(cases, name, what), "utf8");
      const answer = await exchange(port!, wireForm(read(file)));
      const shown = answer.replaceAll("\r\n", "\n");
      const id = /X-Global-Transaction-ID: ([0-9a-f]{24})/.exec(shown)?.[1];
      const expected = read(file.replace("request", "response"));
      expect(shown).toBe(expected.replaceAll("{{any}}", id ?? "(a transaction id)"));
    }
  });
});
