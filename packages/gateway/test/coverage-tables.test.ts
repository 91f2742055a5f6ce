import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** The tables say what holds each statement on the product: it has to be there. */
const packages = join(import.meta.dirname, "../..");
const docs = join(packages, "../docs");
const pages = readdirSync(docs).filter((name) => name.startsWith("gateway-coverage-"));

/** Lines of tables without their heads, with the last cell. */
function rowsOf(page: string): readonly (readonly [statement: string, answer: string])[] {
  const lines = readFileSync(join(docs, page), "utf8").split("\n");
  return lines.flatMap((line, at) => {
    if (!line.startsWith("| ") || lines[at + 1]?.startsWith("|--")) return [];
    const cells = line.slice(2, -2).split(" | ");
    return [[cells[0]!, cells.at(-1)!] as const];
  });
}

/** Why a reference leads nowhere; undefined for one that holds. */
function objectionTo(reference: string): string | undefined {
  if (reference.startsWith("exchanges/")) {
    const folder = join(import.meta.dirname, "cases", reference);
    return existsSync(join(folder, "1.response")) ? undefined : `no exchanges in ${reference}`;
  }
  const [, owner = "gateway", file = "", name = ""] =
    /^(?:(\w+)\/)?([\w.-]+\.test\.ts): (.+)$/.exec(reference) ?? [];
  const path = join(packages, owner, "test", file);
  if (file === "" || !existsSync(path)) return `no test file in ${reference}`;
  const titles = [...readFileSync(path, "utf8").matchAll(/\(\s*(?:"([^"]+)"|`([^`]+)`)/g)];
  const held = titles.some(([, plain, template]) => (plain ?? template)!.includes(name));
  return held ? undefined : `no "${name}" in ${file}`;
}

test("there are tables", () => {
  expect(pages.length).toBeGreaterThan(0);
  for (const page of pages) expect(rowsOf(page).length, page).toBeGreaterThan(20);
});

describe.each(pages)("%s", (page) => {
  test.each(rowsOf(page))("%s", (_, answer) => {
    const word = /^(refused|tolerated|not served)\b/.exec(answer)?.[1];
    const references = [...answer.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
    if (word !== "not served") expect(references.length).toBeGreaterThan(0);
    expect(references.map(objectionTo).filter((why) => why !== undefined)).toEqual([]);
  });
});

test("a reference that leads nowhere is seen", () => {
  expect(objectionTo("exchanges/nothing-of-this-name")).toMatch(/no exchanges/);
  expect(objectionTo("nothing.test.ts: a test")).toMatch(/no test file/);
  expect(objectionTo("coverage-tables.test.ts: a name that no test " + "has")).toMatch(/no "/);
});
