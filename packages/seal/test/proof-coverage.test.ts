import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/proof-coverage.md", root), "utf8");

test("every file that the table of the proof names is there", () => {
  const named = [...page.matchAll(/`([\w./-]+\/[\w./-]+\.\w+)`/gu)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(80);
  const missing = named.filter((path) => {
    const whole = /^(?:src|test)\//u.test(path) ? `packages/seal/${path}` : path;
    return !existsSync(new URL(whole, root));
  });
  expect(missing).toEqual([]);
});

test("the table has every route of the access model once", () => {
  const listed = [...page.matchAll(/^\| ([\d, ]+) \|/gmu)].flatMap(([, text = ""]) =>
    text.split(", ").map(Number),
  );
  expect(listed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 43 }, (_, at) => at + 1));
});
