import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nextChange } from "../src/watch-paths.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-paths-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a change below a path, seen once it is whole", async () => {
  const change = nextChange([folder], new AbortController().signal);
  for (let n = 0; n < 5; n++) writeFileSync(join(folder, "file"), String(n));
  expect(await change).toBe(true);
});

test("the signal ends the wait", async () => {
  const controller = new AbortController();
  const change = nextChange([folder], controller.signal);
  controller.abort();
  expect(await change).toBe(false);
  expect(await nextChange([folder], controller.signal)).toBe(false);
});
