import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareConfigurations } from "../src/compare/compare-configurations.ts";
import { loadConfiguration, loadConfigurationFile } from "../src/config/load.ts";
import { printDomain } from "../src/print/print-domain.ts";
import { treeOf } from "./support/tree.ts";

/** A folder per case: before.cfg, after.cfg, and expected.txt with one line per difference. */
const cases = join(import.meta.dirname, "cases/compare");
const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");

test.each(readdirSync(cases).sort())("%s", async (name) => {
  const before = loadConfigurationFile(join(cases, name, "before.cfg"));
  const after = loadConfigurationFile(join(cases, name, "after.cfg"));
  const lines = compareConfigurations(before, after).map((each) =>
    JSON.stringify({ ...each, origin: undefined }),
  );
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(join(cases, name, "expected.txt"));
});

test("a configuration and its printed form do not differ", () => {
  const whole = loadConfiguration(example);
  const printed = printDomain(whole.domains.get("echo")!);
  using tree = treeOf({
    "config/auto-startup.cfg": readFileSync(join(example, "config/auto-startup.cfg"), "utf8"),
    "config/auto-user.cfg": readFileSync(join(example, "config/auto-user.cfg"), "utf8"),
    "config/echo/echo.cfg": printed,
    "local/echo/echo.js": readFileSync(join(example, "local/echo/echo.js"), "utf8"),
  });
  expect(compareConfigurations(whole, loadConfiguration(tree.root))).toEqual([]);
});

test("scripts are compared by content", () => {
  const files = { "config/auto-startup.cfg": 'domain "d"\nexit\n', "config/d/d.cfg": "" };
  using one = treeOf({
    ...files,
    "local/d/a.js": "1",
    "local/same.js": "s",
    "local/d/gone.js": "",
  });
  using other = treeOf({ ...files, "local/d/a.js": "2", "local/same.js": "s", "local/new.js": "" });
  const found = compareConfigurations(
    loadConfiguration(one.root),
    loadConfiguration(other.root),
  ).map((each) => [each.of, each.domain, each.change, each.of === "file" ? each.file : ""]);
  expect(found).toEqual([
    ["file", "d", "changed", "local/d/a.js"],
    ["file", "d", "removed", "local/d/gone.js"],
    ["file", "default", "added", "local/new.js"],
  ]);
});
