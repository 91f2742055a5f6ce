import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCases } from "../src/casefile/read-cases.ts";
import { runCases } from "../src/casefile/run-cases.ts";
import { compareConfigurations } from "../src/compare/compare-configurations.ts";
import { loadConfiguration } from "../src/config/load.ts";
import { lintConfiguration } from "../src/lint.ts";
import { printDomain } from "../src/print/print-domain.ts";
import { makeCertificates } from "./support/certificates.ts";

/** The example of middle size, used as its README says. */
const example = join(import.meta.dirname, "../../../examples/orders-gateway");
const root = mkdtempSync(join(tmpdir(), "orders-"));

beforeAll(() => {
  cpSync(join(example, "src/config"), join(root, "config"), { recursive: true });
  cpSync(join(example, "src/local"), join(root, "local"), { recursive: true });
  using certificates = makeCertificates();
  certificates.issue("orders", { names: "DNS:localhost" });
  mkdirSync(join(root, "usrcerts/orders"), { recursive: true });
  for (const file of ["orders.key", "orders.pem"]) {
    writeFileSync(join(root, "usrcerts/orders", file), certificates.read(file));
  }
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("lint finds nothing", () => {
  const { findings, servable } = lintConfiguration(loadConfiguration(root));
  expect(findings).toEqual([]);
  expect(servable).toBe(true);
});

test("its cases pass, over TLS where the service speaks it", async () => {
  const files = readdirSync(join(example, "tests"));
  const cases = files.flatMap((file) => [...readCases(join(example, "tests", file), file)]);
  const results = await runCases({ root, cases, log: () => {} });
  expect(
    results.flatMap(({ name, failures }) => failures.map((each) => ({ name, ...each }))),
  ).toEqual([]);
  expect(results.length).toBeGreaterThan(10);
});

test("printed and read again it is the same", () => {
  const configuration = loadConfiguration(root);
  const printed = join(root, "printed");
  cpSync(join(root, "config"), join(printed, "config"), { recursive: true });
  cpSync(join(root, "local"), join(printed, "local"), { recursive: true });
  const orders = configuration.domains.get("orders")!;
  writeFileSync(join(printed, "config/orders/orders.cfg"), printDomain(orders));
  expect(compareConfigurations(configuration, loadConfiguration(printed))).toEqual([]);
});
