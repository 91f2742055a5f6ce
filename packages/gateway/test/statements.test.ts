import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfigurationFile } from "../src/config/load.ts";
import type { Configuration, PropertyLine } from "../src/config/model.ts";

/** A file per case, with every form of statement in it; beside it, what each is understood as. */
const cases = join(import.meta.dirname, "cases/statements");

test.each(readdirSync(cases).filter((each) => each.endsWith(".cfg")))("%s", async (name) => {
  const shown = shownAs(loadConfigurationFile(join(cases, name)));
  await expect(shown).toMatchFileSnapshot(join(cases, name.replace(/cfg$/, "txt")));
});

function shownAs({ domains, problems }: Configuration): string {
  const lines: string[] = [];
  for (const { objects, skipped } of domains.values()) {
    for (const { kind, name, enabled, lines: properties } of objects.values()) {
      lines.push(`${kind} ${JSON.stringify(name)}${enabled ? "" : " disabled"}`);
      lines.push(...properties.flatMap((line) => shownLine(line, "  ")));
    }
    for (const { firstLine, lastLine, condition } of skipped) {
      lines.push(`left out: ${firstLine}-${lastLine}, ${condition}`);
    }
  }
  for (const { severity, origin, message } of problems) {
    lines.push(`${severity} ${origin.line}: ${message}`);
  }
  return `${lines.join("\n")}\n`;
}

function shownLine(line: PropertyLine, indent: string): string[] {
  const words = line.arguments.map((word) => JSON.stringify(word)).join(" ");
  const unknown = line.known ? "" : "  (unknown)";
  const text = `${indent}${line.negated ? "no " : ""}${line.name}${words === "" ? "" : ` ${words}`}${unknown}`;
  return [text, ...(line.children ?? []).flatMap((child) => shownLine(child, `${indent}  `))];
}
