import { isFault } from "@lithify/fault";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDockerfile } from "../src/dockerfile/parse.ts";
import { instructionTable } from "../src/instructions/table.ts";

function parse(text: string) {
  return parseDockerfile(text, "Dockerfile", instructionTable);
}

describe("the parser", () => {
  test("finds instructions with their places whatever stands between them", () => {
    const blank = fc.constantFrom("", "   ", "# note", "\t# FROM x");
    const line = fc.constantFrom(
      "FROM a",
      "env A=b",
      "RUN x \\\n  y",
      "COPY --chmod=644 a b",
      "RUN <<E\nz\nE",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(blank, line)), (pairs) => {
        const text = pairs.map(([before, after]) => `${before}\n${after}\n`).join("");
        const found = parse(text);
        expect(found.length).toBe(pairs.length);
        for (const { keyword, place } of found) {
          const start = text.split("\n")[place.line - 1] ?? "";
          expect(start.toUpperCase().startsWith(keyword)).toBe(true);
        }
      }),
    );
  });

  test("reads Windows line ends", () => {
    const [from, run] = parse("FROM a\r\nRUN x \\\r\n  y\r\n");
    expect([from?.rest, run?.rest]).toEqual(["a", "x   y"]);
  });

  test("any text ends in instructions or a fault with a place", () => {
    const pieces = fc.constantFrom(
      "FROM",
      "RUN",
      "COPY",
      " ",
      "\n",
      "\\",
      "<<E",
      "E",
      "#",
      "--from",
      "=",
      '"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (words) => {
        try {
          parse(words.join(""));
        } catch (error) {
          expect(isFault(error, "DOCKERFILE_INVALID")).toBe(true);
        }
      }),
    );
  });

  test("a Dockerfile has a limit", () => {
    expect(() => parse(`# ${"x".repeat(1 << 20)}`)).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});
