import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { describe, expect, test } from "vitest";
import { parsePlan } from "../../src/plan/parse.ts";

test("four lines are a plan", () => {
  const plan = parsePlan("name: shop\nport: 8080\nstable: shop:1\ncanary: shop:2\n", "plan.yaml");
  expect(plan).toMatchObject({
    name: "shop",
    listen: { host: "127.0.0.1", port: 8080 },
    instances: 1,
    split: { unit: { from: "own-cookie" }, salt: "shop/shop:2", allow: [] },
    metrics: [{ kind: "errors", tolerance: 0.01 }],
    alpha: 0.05,
    psiMax: 3,
    block: 60_000,
    deadline: { after: 7_200_000, policy: "hold" },
  });
  expect(plan.steps.at(-1)).toEqual({ do: "analyse", atMost: 7_200_000 });
});

test("the plan in the documentation is the default one, written out", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/rollout.md"), "utf8");
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const four = "name: shop\nport: 8080\nstable: shop:1\ncanary: shop:2\n";
  expect(parsePlan(yaml, "rollout.md")).toEqual(parsePlan(four, "plan.yaml"));
});

test("everything can be said, in YAML and in JSON", () => {
  const file = join(import.meta.dirname, "cases", "full.yaml");
  const plan = parsePlan(readFileSync(file, "utf8"), file);
  expect(plan).toEqual({
    name: "shop",
    stable: "oci:images:one",
    canary: "shop:2",
    port: 8080,
    listen: { host: "0.0.0.0", port: 80 },
    instances: 3,
    split: {
      unit: { from: "header", name: "X-User" },
      salt: "2026",
      allow: ["7", "tester"],
      override: "X-Canary",
    },
    steps: [
      { do: "setWeight", weight: 0.005 },
      { do: "observe", for: 30_000 },
      { do: "pause" },
      { do: "setWeight", weight: 0.25 },
      { do: "analyse", atMost: 600_000 },
      { do: "analyse", atMost: 3_600_000 },
    ],
    metrics: [
      { kind: "errors", name: "errors", tolerance: 0.02 },
      { kind: "latency", name: "latency", slowerThan: [500, 2000], tolerance: 0.1 },
      { kind: "objective", name: "objective", atMost: 0.001 },
    ],
    alpha: 0.01,
    beta: 0.1,
    psiMax: 2.5,
    block: 30_000,
    deadline: { after: 86_400_000, policy: "ask" },
    drain: 90_000,
    ready: { path: "/health", timeout: 20_000 },
  });
  expect(
    parsePlan(JSON.stringify({ name: "a", port: 1, stable: "b", canary: "c" }), "p"),
  ).toBeDefined();
});

/** One a line: line:column, what the fault says, the plan with `|` for a new line. */
const cases = readFileSync(join(import.meta.dirname, "cases", "invalid.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" ~ ") as [string, string, string]);

describe("a plan that is wrong", () => {
  test.each(cases)("%s %s", (place, says, source) => {
    const text = source.replaceAll("|", "\n");
    const [line, column] = place.split(":").map(Number);
    try {
      parsePlan(text, "plan.yaml");
      expect.unreachable("it was taken");
    } catch (error) {
      if (!isFault(error, "PLAN_INVALID")) throw error;
      expect(`${error.message} ${error.hint}`).toContain(says);
      expect(error.place).toEqual({ file: "plan.yaml", line, column });
    }
  });
});
