import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { lintConfiguration } from "../src/lint.ts";
import { remarksOnScript } from "../src/script/script-level.ts";
import { usesOfScript } from "../src/script/script-uses.ts";
import { treeOf } from "./support/tree.ts";

/** A line per case: the script, and after ` // ` where the remark is and what it is about. */
const levels = readFileSync(join(import.meta.dirname, "cases/script-level.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => /^(.*) \/\/ (.*)$/.exec(line)!.slice(1) as [string, string]);

test.each(levels)("%s", (source, expected) => {
  const found = remarksOnScript(source).map(
    ({ line, column, message }) =>
      `${line}:${column} ${message.replace(/ is newer than .*/, "").replace(/^the script does not parse: .*/, "syntax")}`,
  );
  expect(found.join(", ") || "none").toBe(expected);
});

/** A line per case: the script, and after ` // ` what it uses. */
const uses = readFileSync(join(import.meta.dirname, "cases/script-uses.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => /^(.*) \/\/ (.*)$/.exec(line)!.slice(1) as [string, string]);

test.each(uses)("%s", (source, expected) => {
  const found = usesOfScript(source.replaceAll("⏎", "\n")).map(
    ({ kind, name, line }) => `${kind} ${name}:${line}`,
  );
  expect(found.join(", ") || "nothing").toBe(expected);
});

test("lint says what in a script is newer than the product's language, with its place", () => {
  using tree = treeOf({
    "config/auto-startup.cfg":
      'action "a"\n  type gatewayscript\n  gatewayscript-location "local:///a.js"\nexit\n',
    "local/a.js": "var a = session.name('x');\nsession.output.write(a?.b);require('./m');",
    "local/m.js": "exports.b = a ?? 1; require('./a');",
  });
  const { findings } = lintConfiguration(loadConfiguration(tree.root));
  expect(findings).toContainEqual(
    expect.objectContaining({
      rule: "GW-SCRIPT-LEVEL",
      severity: "warning",
      origin: { file: "local/a.js", line: 2, column: 22 },
    }),
  );
  const level = findings.filter(({ rule }) => rule === "GW-SCRIPT-LEVEL");
  expect(level.map(({ origin }) => origin.file)).toEqual(["local/a.js", "local/m.js"]);
});
