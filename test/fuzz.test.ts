import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inputOf } from "../fuzz/mutate.ts";
import { brokenBy } from "../fuzz/target.ts";
import { targets } from "../fuzz/targets.ts";

const inputs = Number(process.env.LITHIFY_FUZZ_RUNS ?? 300);
const cases = join(import.meta.dirname, "../fuzz/cases");

describe.each(targets)("$name", (target) => {
  test("what our own writers made is read", async () => {
    for (const whole of await target.corpus()) await target.parse(whole);
  });

  test("changed inputs end in success or a Fault", { timeout: 600_000 }, async () => {
    const corpus = await target.corpus();
    for (let number = 0; number < inputs; number += 1) {
      expect([number, await brokenBy(target, inputOf(corpus, 7, number))]).toEqual([
        number,
        undefined,
      ]);
    }
  });

  const directory = join(cases, target.name);
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    test(`once broken: ${name}`, async () => {
      expect(await brokenBy(target, readFileSync(join(directory, name)))).toBeUndefined();
    });
  }
});

test("a seed and a number always make the same input", () => {
  const corpus = [Buffer.from("some text 123"), Buffer.from("another")];
  const made = () => Array.from({ length: 50 }, (_, number) => inputOf(corpus, 3, number));
  expect(made()).toEqual(made());
  expect(corpus.map(String)).toEqual(["some text 123", "another"]);
});
