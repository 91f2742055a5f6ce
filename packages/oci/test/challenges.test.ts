import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseChallenge } from "../src/registry/authorize.ts";

const text = readFileSync(new URL("cases/challenges.txt", import.meta.url), "utf8");
const cases = text
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" => ") as [string, string]);

test.each(cases)("%s", (header, wanted) => {
  const found = parseChallenge(header);
  const parameters = Object.entries(found?.parameters ?? {}).map(
    ([key, value]) => `${key}=${value}`,
  );
  expect(found === undefined ? "nothing" : [found.scheme, ...parameters].join(" ")).toBe(wanted);
});

test("no header is no challenge", () => expect(parseChallenge(undefined)).toBeUndefined());
