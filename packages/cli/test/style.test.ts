import { describe, expect, it } from "vitest";
import { bytes, styleFor, table, wantsColor } from "../src/style.ts";

const control = "\u001b";

describe("a table", () => {
  it("aligns columns, numbers to the right, without blanks at the end", () => {
    const rows = [
      ["NAME", "SIZE", "WHY"],
      ["a", "1,000 B", ""],
      ["longer", "2 B", "because"],
    ];
    expect(table(rows, [1])).toEqual([
      "NAME       SIZE  WHY",
      "a       1,000 B",
      "longer      2 B  because",
    ]);
  });

  it("takes rows of different lengths, and none", () => {
    expect(table([["a"], ["b", "c"]])).toEqual(["a", "b  c"]);
    expect(table([])).toEqual([]);
  });

  it("measures what is seen, not the colours", () => {
    const { good, dim } = styleFor(true);
    const plain = table([
      ["ab", "x"],
      ["a", "y"],
    ]);
    const colored = table([
      [good("ab"), "x"],
      [dim("a"), "y"],
    ]);
    expect(colored.join("\n")).toContain(control);
    const codes = new RegExp(`${control}\\[\\d+m`, "g");
    expect(colored.map((line) => line.replace(codes, ""))).toEqual(plain);
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1234, "1,234 B"],
    [9999, "9,999 B"],
    [10_000, "10.0 kB"],
    [999_900, "999.9 kB"],
    [1_234_567, "1.2 MB"],
    [46_100_000, "46.1 MB"],
    [2_345_000_000, "2.35 GB"],
  ])("%d is %s", (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});

describe("colours", () => {
  it("mark text only when they are on", () => {
    expect(styleFor(false).bad("no")).toBe("no");
    for (const mark of Object.values(styleFor(true))) {
      expect(mark("yes")).toMatch(new RegExp(`^${control}\\[\\d+myes${control}\\[\\d+m$`));
    }
  });

  it.each<[NodeJS.ProcessEnv, isTerminal: boolean, wanted: boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "" }, false, true],
    [{ FORCE_COLOR: "0" }, false, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("%j, terminal %s: %s", (env, isTerminal, wanted) => {
    expect(wantsColor(env, isTerminal)).toBe(wanted);
  });
});
