import { format } from "node:util";
import { expect, test } from "vitest";
import { formatText, sprintfText } from "../src/script/format-text.ts";

const circular: Record<string, unknown> = { name: "a" };
circular.self = circular;

const odd: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["an empty text", ""],
  ["a text", "text"],
  ["a text that begins with a number", "42.5px"],
  ["0", 0],
  ["-0", -0],
  ["-1.5", -1.5],
  ["1e21", 1e21],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["a big integer", 12n],
  ["a symbol", Symbol("s")],
  ["an empty object", {}],
  ["an empty list", []],
  ["a list", [1, "2", [3]]],
  ["a date", new Date(0)],
  ["a map", new Map([["a", 1]])],
  ["a set", new Set([1])],
  ["a regular expression", /a+/g],
  ["a nested object", { a: { b: { c: { d: 1 } } } }],
  ["a circular object", circular],
  ["a function", function named() {}],
];

/** Where both Node and this console know a directive they write the same. */
test.each(odd)("%s is written as util.format writes it", (_, value) => {
  for (const pattern of ["%d", "%i", "%f", "%j", "a %d b %i", "none", "%%", "%y", "100%"]) {
    const write = (by: typeof format): unknown => {
      try {
        return by(pattern, value);
      } catch (error) {
        return (error as Error).name;
      }
    };
    expect([pattern, write((...values: unknown[]) => formatText(values))]).toEqual([
      pattern,
      write(format),
    ]);
  }
  expect(formatText([value])).toBe(format(value));
  expect(formatText([value, "text", value])).toBe(format(value, "text", value));
});

test.each([
  ["%s", [], "%s"],
  ["%% of %d", [], "%% of %d"],
  ["100%% of %d", [3], "100% of 3"],
  ["%s and %s", ["one"], "one and %s"],
  ["%2$s %1$s", ["a", "b"], "b a"],
  ["%c%c", [76, -1], "L\0"],
  ["%x %X %b %o %u %e", [255, 255, 5, 8, -1, 1200], "ff FF 101 10 4294967295 1.2e+3"],
  ["%x %b %u %e %c", Array(5).fill(Symbol("s")), "NaN NaN 0 NaN \0"],
  ["%d %x", [Object.create(null), Object.create(null)], "NaN NaN"],
])("%j with %j", (text, values, written) => {
  expect(formatText([text, ...values])).toBe(written);
});

test("sprintf takes a text alone as a format, too", () => {
  expect(sprintfText(["100%% of %s"])).toBe("100% of %s");
  expect(sprintfText([7])).toBe("7");
});
