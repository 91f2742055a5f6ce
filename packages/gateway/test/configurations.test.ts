import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { planServices } from "../src/plan/plan-services.ts";
import { summary } from "./support/summary.ts";

/** A folder per case: a configuration tree, and expected.txt with what it is understood as. */
const cases = join(import.meta.dirname, "cases/configurations");

test.each(readdirSync(cases).sort())("%s", async (name) => {
  const root = mkdtempSync(join(tmpdir(), "gateway-configuration-"));
  try {
    cpSync(join(cases, name), root, { recursive: true });
    const configuration = loadConfiguration(root);
    const text = summary(configuration, planServices(configuration)).replaceAll(root, "");
    await expect(text).toMatchFileSnapshot(join(cases, name, "expected.txt"));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
