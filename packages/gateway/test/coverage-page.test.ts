import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** The page that says of each statement what holds it: all that it names is there. */
const page = readFileSync(join(import.meta.dirname, "../../../docs/gateway-coverage.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:statement|exchange|wish) \|/.test(line))
  .map((line) => line.slice(2, -2).split(" | "));

/** What a row names: a case, or a test file with the title of a test where one follows. */
function namedIn(cell: string): { path: string; title: string | undefined }[] {
  return [...cell.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)]
    .map(([, path = "", title]) => ({ path, title }))
    .filter(({ path }) => /^[a-z]+\/|\.test\.ts$/.test(path));
}

describe.each(rows)("%s", (...row) => {
  const cell = row.at(-1)!;
  test("names what holds it, and all of that is there", () => {
    expect(namedIn(cell).length).toBeGreaterThan(0);
    for (const { path, title } of namedIn(cell)) {
      const isTest = path.endsWith(".test.ts");
      const place = join(import.meta.dirname, isTest ? "" : "cases", path);
      expect(existsSync(place), path).toBe(true);
      if (title !== undefined) expect(readFileSync(place, "utf8")).toContain(`"${title}"`);
    }
  });

  if (row.length > 2) {
    test("says what becomes of it", () => {
      expect(row[1]).toMatch(/^(?:served|read|refused)\b/);
    });
  }
});
