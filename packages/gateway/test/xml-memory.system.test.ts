import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diag } from "libxml2-wasm";
import { afterAll, expect, test } from "vitest";
import { serveGateway } from "../src/serve/serve-gateway.ts";
import { exchange, wireForm } from "./support/raw-client.ts";

/**
 * What lies in the memory of the XML library is given back when its message ends, whatever became
 * of the message. Schemas and expressions of the configuration stay.
 */
const cases = join(import.meta.dirname, "cases/exchanges");
const names = [
  "conditional",
  "convert-http",
  "extract",
  "filter-error-rule",
  "for-each",
  "validate-from-variable",
  "validate-json",
  "validate-of-the-manager",
  "validate-soap-body",
  "xform-identity",
  "xform-jsonx",
  "xform-on-opaque",
];
const root = mkdtempSync(join(tmpdir(), "gateway-xml-memory-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("no document outlives its message", async () => {
  const domains = names.map((name) => `domain "${name}"\n  visible-domain default\nexit\n`);
  mkdirSync(join(root, "config"));
  writeFileSync(join(root, "config/auto-startup.cfg"), domains.join(""));
  for (const name of names) {
    mkdirSync(join(root, "config", name));
    cpSync(join(cases, name, "echo.cfg"), join(root, "config", name, `${name}.cfg`));
    mkdirSync(join(root, "local", name), { recursive: true });
    if (readdirSync(join(cases, name)).includes("local")) {
      cpSync(join(cases, name, "local"), join(root, "local", name), { recursive: true });
    }
  }
  diag.configure({ enabled: true, callerDetail: false, callerStats: false });
  await using gateway = Object.assign(
    await serveGateway({ root, log: () => {}, portFor: () => 0 }),
    {
      [Symbol.asyncDispose]: () => gateway.close(),
    },
  );
  expect(gateway.ports.map(({ domain }) => domain).sort()).toEqual(names);
  const send = async (): Promise<void> => {
    for (const { domain, port } of gateway.ports) {
      const requests = readdirSync(join(cases, domain)).filter((file) => file.endsWith(".request"));
      for (const file of requests) {
        await exchange(port, wireForm(readFileSync(join(cases, domain, file), "utf8")));
      }
    }
  };
  await send();
  const after = counted();
  for (let turn = 0; turn < 5; turn++) await send();
  expect(counted()).toEqual(after);
  expect(after.XmlDocument).toBeLessThanOrEqual(1);
});

/** How many things of each kind lie in the library's memory. */
function counted(): Record<string, number> {
  const report = diag.report() as Record<string, { totalInstances: number }>;
  return Object.fromEntries(
    Object.entries(report).map(([kind, { totalInstances }]) => [kind, totalInstances]),
  );
}
