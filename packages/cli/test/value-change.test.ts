import { expect, test } from "vitest";
import { valueChange } from "../src/value-change.ts";

test.each([
  [80, 443, ["80 → 443"]],
  [undefined, "a", ['(not set) → "a"']],
  [["a", "b"], ["a"], ['- "b"']],
  [["a"], ["a", "a"], ['+ "a"']],
  [["a", "b"], ["b", "a"], ['in another order: "a", "b" → "b", "a"']],
  [
    [{ host: "x", weight: 1, name: "" }],
    [{ host: "x", weight: 2, name: "" }],
    ['- x 1 ""', '+ x 2 ""'],
  ],
])("%j becomes %j", (was, is, lines) => {
  expect(valueChange(was, is)).toEqual(lines);
});
