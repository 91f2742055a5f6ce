import { expect, test } from "vitest";
import { junitOf } from "../src/casefile/junit.ts";
import { junitObjection as objection } from "./support/junit-objection.ts";

const cases = [
  { suite: "a", name: "one", seconds: 0.5, failures: [] },
  { suite: "a", name: "<two>\u0001", failures: ['got "x"\r\nline 3', "and more"] },
  { suite: "b", name: "three", seconds: 1.25, failures: [] },
];

test("a suite per file, counts and times on both levels, characters that XML does not have", () => {
  expect(junitOf(cases)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0" time="1.750">
  <testsuite name="a" tests="2" failures="1" errors="0" time="0.500" skipped="0">
    <testcase classname="a" name="one" time="0.500"/>
    <testcase classname="a" name="&lt;two&gt;?">
      <failure type="failure" message="got &quot;x&quot;">got &quot;x&quot;&#13;&#10;line 3</failure>
      <failure type="failure" message="and more">and more</failure>
    </testcase>
  </testsuite>
  <testsuite name="b" tests="1" failures="0" errors="0" time="1.250" skipped="0">
    <testcase classname="b" name="three" time="1.250"/>
  </testsuite>
</testsuites>
`);
});

test.each([
  ["several suites", cases],
  ["nothing at all", []],
  ["failures of a lint, which take no time", [{ suite: "d.cfg", name: "GW-X", failures: ["3:1"] }]],
])("what readers of JUnit results expect: %s", (_, given) => {
  expect(objection(junitOf(given))).toBeUndefined();
});

test.each([
  ["a count is missing", ' failures="1"', ""],
  ["a failure has no type", ' type="failure"', ""],
  ["a time is no number", 'time="0.500"', 'time="half"'],
  ["an element that is not known", "<testcase ", "<case/><testcase "],
  ["two suites of one name", '<testsuite name="b"', '<testsuite name="a"'],
])("the schema objects: %s", (_, from, to) => {
  const broken = junitOf(cases).replace(from, to);
  expect(objection(broken)).toMatch(/\S/);
});
