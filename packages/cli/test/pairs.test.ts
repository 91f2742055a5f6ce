import { describe, expect, it } from "vitest";
import { parsePairs } from "../src/pairs.ts";

describe("NAME=value", () => {
  it("splits at the first equals sign", () => {
    expect(parsePairs(["a=1", "b=", "c=d=e"], "--label")).toEqual([
      ["a", "1"],
      ["b", ""],
      ["c", "d=e"],
    ]);
    expect(parsePairs([], "--label")).toEqual([]);
  });

  it.each(["a", "=1", ""])("%j is refused, naming the option", (text) => {
    expect(() => parsePairs(["ok=1", text], "--label")).toThrowError(
      expect.objectContaining({ code: "USAGE", what: "--label", values: { given: text } }),
    );
  });
});
