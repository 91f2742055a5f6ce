import { isFault } from "@lithify/fault";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expand } from "../src/dockerfile/expand.ts";
import { casesOf } from "./lines.ts";

const variables = new Map([
  ["home", "/home/user"],
  ["path", "a/b/c.tar.gz"],
  ["text", "hello world"],
  ["empty", ""],
  ["one", "1"],
]);

function expanded(text: string): string {
  try {
    return expand(text, {
      value: (name) => variables.get(name),
      escaping: "\\",
      place: { file: "Dockerfile", line: 1 },
    });
  } catch (error) {
    if (isFault(error, "DOCKERFILE_INVALID")) return "!";
    throw error;
  }
}

describe("expansion of one word", () => {
  test.for(casesOf("expansions.txt"))("%s is %s", ([text = "", result = ""]) => {
    expect(expanded(text)).toBe(result);
  });

  test("text without $, quotes and escapes stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replace(/[$"'\\]/g, "");
        expect(expanded(plain)).toBe(plain);
      }),
    );
  });

  test("single quotes keep anything", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inner = text.replaceAll("'", "");
        expect(expanded(`'${inner}'`)).toBe(inner);
      }),
    );
  });

  test("anything at all ends in a text or a fault", () => {
    const pieces = fc.constantFrom(
      "${",
      "}",
      "$",
      "home",
      ":-",
      "/",
      "#",
      "%",
      "'",
      '"',
      "\\",
      "a",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (words) => {
        expect(typeof expanded(words.join(""))).toBe("string");
      }),
    );
  });
});
