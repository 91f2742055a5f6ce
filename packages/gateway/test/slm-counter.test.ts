import { describe, expect, test } from "vitest";
import type { SlmStatement } from "../src/plan/slm/slm-plan.ts";
import { counterFor } from "../src/rules/slm/slm-counter.ts";

/** A line: how it counts, and then the time of each message with whether it passes. */
const cases = `
fixed greater-than 1000 level 2: 0+ 10+ 20- 999- 1000+ 1001+ 1002- 2000+
fixed greater-than 1000 level 1: 0+ 999- 5000+ 5001- 6000+
moving greater-than 1000 level 2: 0+ 500+ 900- 1000+ 1100- 1500+ 1600-
moving greater-than 1000 level 1: 0+ 990- 1010+ 60000+
fixed token-bucket 1000 level 2 burst 3: 0+ 0+ 0+ 0- 499- 500+ 501- 10000+ 10000+ 10000+ 10000-
fixed token-bucket 1000 level 1: 0+ 1- 1000+ 1001-
moving high-low-thresholds 1000 level 3 release 1: 0+ 100+ 200+ 300- 1020- 1120+ 1130+ 1140- 1150-
`
  .trim()
  .split("\n");

test.each(cases)("%s", (line) => {
  const [how = "", messages = ""] = line.split(": ");
  const [interval, algorithm, length, ...limits] = how.split(" ");
  const limit = (name: string): number => Number(limits[limits.indexOf(name) + 1] ?? 0);
  const counter = counterFor(
    statement({
      interval: interval as SlmStatement["interval"],
      algorithm: algorithm as SlmStatement["algorithm"],
      length: Number(length),
      level: limit("level"),
      release: limits.includes("release") ? limit("release") : 0,
      burst: limits.includes("burst") ? limit("burst") : 0,
    }),
    0,
  );
  const seen = messages.split(" ").map((message) => {
    const time = Number(message.slice(0, -1));
    const passes = counter.wait(time) === 0;
    if (passes) counter.pass(time);
    return `${time}${passes ? "+" : "-"}`;
  });
  expect(seen.join(" ")).toBe(messages);
});

describe("what waits passes when its time has come", () => {
  test.each(cases)("%s", (line) => {
    const [interval, algorithm, length, , level] = line.split(/[ :]+/);
    const counter = counterFor(
      statement({
        interval: interval as SlmStatement["interval"],
        algorithm: algorithm as SlmStatement["algorithm"],
        length: Number(length),
        level: Number(level),
      }),
      0,
    );
    for (let sent = 0; counter.wait(0) === 0; sent++) {
      expect(sent).toBeLessThanOrEqual(Number(level));
      counter.pass(0);
    }
    let now = 0;
    for (let turns = 0; counter.wait(now) > 0; turns++) {
      expect(turns).toBeLessThan(200);
      now += counter.wait(now);
    }
    expect(now).toBeLessThanOrEqual(Number(length) * 1.01);
  });
});

test("concurrent messages count until they end", () => {
  const counter = counterFor(statement({ interval: "concurrent", level: 1 }), 0);
  const end = counter.pass(0);
  expect(counter.wait(1)).toBeGreaterThan(0);
  end!();
  expect(counter.wait(1)).toBe(0);
});

function statement(parts: Partial<SlmStatement>): SlmStatement {
  return {
    id: "1",
    credential: undefined,
    resource: undefined,
    action: { name: "throttle", type: "reject", priority: "debug" },
    interval: "fixed",
    length: 0,
    algorithm: "greater-than",
    level: 0,
    release: 0,
    burst: 0,
    mostValues: 10,
    ...parts,
  };
}
