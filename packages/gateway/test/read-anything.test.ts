import type { Fault } from "@lithify/fault";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lexConfiguration } from "../src/config/lexer.ts";
import type { Problem } from "../src/config/model.ts";
import type { OpenObject } from "../src/config/object-table.ts";
import { readConfiguration } from "../src/config/reader.ts";

function readAll(text: string): { table: Map<string, OpenObject>; faults: readonly Fault[] } {
  const table = new Map<string, OpenObject>();
  const problems: Problem[] = [];
  const faults = readConfiguration(text, "any.cfg", {
    domain: "any",
    table,
    problems,
    skipped: [],
    fileExists: () => false,
    execute: () => {},
  });
  for (const { origin } of problems) {
    expect(origin).toMatchObject({ file: "any.cfg", column: expect.any(Number) });
  }
  return { table, faults };
}

function read(text: string): Map<string, OpenObject> {
  const { table, faults } = readAll(text);
  expect(faults).toEqual([]);
  return table;
}

const word = fc.constantFrom(
  ...(
    "top exit cancel reset no crypto diag exec configure terminal %if% %endif% available isfile " +
    "false mpgw source-http action rule matching stylepolicy loadbalancer-group health-check " +
    "urlmatch type gatewayscript port logging target event key certificate valcred xmlmgr " +
    'documentcache xml parser limits user domain " "a" "a\\"b" \\ ; # 1 A+B'
  ).split(" "),
);
const statements = fc
  .array(fc.array(word, { minLength: 1, maxLength: 5 }), { maxLength: 30 })
  .map((lines) => lines.map((words) => words.join(" ")).join("\n"));

test("any text is read or refused with a fault that has a place", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), statements), (text) => {
      for (const fault of readAll(text).faults) {
        expect(["CONFIG_INVALID", "CONFIG_TRUNCATED"]).toContain(fault.code);
        expect(fault.place?.file).toBe("any.cfg");
        expect(fault.place?.line).toBeGreaterThan(0);
      }
    }),
    { numRuns: 500 },
  );
});

test("what is written quoted comes back as it was", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: "grapheme" }).filter((text) => !/[\n\r\0]/.test(text)),
        { minLength: 1 },
      ),
      (texts) => {
        const line = texts.map(
          (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
        );
        const { statements: read, broken } = lexConfiguration(line.join(" "), "any.cfg");
        expect(broken).toEqual([]);
        expect(read[0]?.texts).toEqual(texts);
      },
    ),
  );
});

test("indentation, blank lines, comments and line ends change nothing", () => {
  const text = 'matching "m"\nurlmatch "/a b"\nurlmatch /c\nexit\n';
  const variants = fc.array(fc.constantFrom(" ", "\t", "\n", "\n# note\n"), {
    minLength: 4,
    maxLength: 4,
  });
  const plain = lines(read(text));
  fc.assert(
    fc.property(variants, fc.constantFrom("\n", "\r\n"), (before, end) => {
      const varied = text
        .trimEnd()
        .split("\n")
        .map((line, index) => `${before[index]}${line} `)
        .join("\n")
        .replaceAll("\n", end);
      expect(lines(read(varied))).toEqual(plain);
    }),
  );
});

test("a long file is read in a time that grows with its length only", () => {
  const one = 'matching "m"\n  urlmatch "/a"\nexit\n';
  expect(read(one.repeat(20_000)).size).toBe(1);
});

function lines(table: Map<string, OpenObject>): unknown {
  return [...table.values()].map(({ name, lines: set }) => [
    name,
    set.map((line) => line.arguments),
  ]);
}
