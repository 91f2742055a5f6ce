import { expect, test } from "vitest";
import { kindNames } from "../src/catalogue.ts";
import type { ConfigDomain, Problem, SkippedText } from "../src/config/model.ts";
import type { OpenObject } from "../src/config/object-table.ts";
import { readConfiguration } from "../src/config/reader.ts";
import { effectiveValues } from "../src/config/values.ts";
import { printDomain } from "../src/print/print-domain.ts";
import { largeDomain } from "./support/large-domain.ts";

function read(text: string): ConfigDomain {
  const table = new Map<string, OpenObject>();
  const problems: Problem[] = [];
  const skipped: SkippedText[] = [];
  const faults = readConfiguration(text, "large.cfg", {
    domain: "default",
    table,
    problems,
    skipped,
    fileExists: () => true,
    execute: () => {},
  });
  expect(faults).toEqual([]);
  expect(problems).toEqual([]);
  return { name: "default", files: [], objects: table, skipped, whole: true };
}

test("a large configuration of every kind: printed, read and printed again, it is the same", () => {
  const made = largeDomain(30);
  expect(new Set([...made.objects.values()].map(({ kind }) => kind)).size).toBe(kindNames().length);
  const text = printDomain(made);
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const once = read(text);
  const took = performance.now() - started;
  const memory = process.memoryUsage().heapUsed - before;
  const again = printDomain(once);
  expect(again === text).toBe(true);
  expect([...once.objects.keys()].sort()).toEqual([...made.objects.keys()].sort());
  for (const [key, object] of made.objects) {
    const other = once.objects.get(key)!;
    expect(other.enabled, key).toBe(object.enabled);
    expect(effectiveValues(other), key).toEqual(effectiveValues(object));
  }
  const lines = text.split("\n").length;
  const size = (text.length / 2 ** 20).toFixed(1);
  process.stdout.write(
    `large configuration: ${made.objects.size} objects, ${lines} lines, ${size} MiB; read in ${took.toFixed(0)} ms, ${(memory / 2 ** 20).toFixed(0)} MiB of heap\n`,
  );
});
