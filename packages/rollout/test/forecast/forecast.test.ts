import { describe, expect, test } from "vitest";
import { forecast } from "../../src/forecast/planner.ts";
import { seededRandom } from "../../src/forecast/random.ts";
import { simulateMany, simulateRollout } from "../../src/forecast/simulate.ts";
import { parsePlan } from "../../src/plan/parse.ts";

const plan = parsePlan(
  `
name: shop
port: 80
stable: shop:1
canary: shop:2
steps: [{ setWeight: 5% }, { observe: 2h }]
`,
  "plan.yaml",
);

describe("forecast", () => {
  const ask = (requestsPerMinute: number, stableErrors = 0.005) =>
    forecast({ plan, requestsPerMinute, stableErrors, random: seededRandom(1) });
  test("60 requests a minute, 5 % for 2 h: about a fourfold rise", () => {
    const { finds, sentence, stages } = ask(60);
    expect(stages).toEqual([{ weight: 0.05, minutes: 120, canaryRequests: 360 }]);
    expect(finds?.times).toBeGreaterThanOrEqual(3);
    expect(finds?.times).toBeLessThanOrEqual(5);
    expect(sentence).toMatch(
      /^At 60 requests a minute, 5 % for 2 h finds a rise of errors to \d+ times \(0.5 % to \d(\.\d)? %\) in \d+ of 100 rollouts/,
    );
  });
  test("more traffic finds less, almost none finds nothing", () => {
    expect(ask(6_000).finds?.times).toBeLessThan(ask(60).finds?.times ?? 0);
    expect(ask(1).finds?.times ?? 1000).toBeGreaterThan(20);
  });
  test("the users that make it safe do make it safe", () => {
    const { users, minutes } = ask(600).safeAfter;
    expect(users).toBeGreaterThan(299);
    expect(minutes).toBeCloseTo(users / 30, 6);
  });
});

describe("simulation", () => {
  const simulation = {
    plan: { ...plan, deadline: { after: 60 * 60_000, policy: "rollback" as const } },
    requestsPerMinute: 600,
    stableErrors: 0.005,
    random: seededRandom(3),
  };
  test("a good canary is promoted, a bad one rolled back", () => {
    const good = simulateMany({ ...simulation, canaryErrors: 0.005 }, 50);
    expect(good.rolledBack).toBeLessThanOrEqual(0.1);
    expect(good.completed).toBeGreaterThanOrEqual(0.9);
    const bad = simulateMany({ ...simulation, canaryErrors: 0.05 }, 50);
    expect(bad.rolledBack).toBe(1);
    expect(bad.medianMinutes).toBeLessThan(30);
  });
  test("the same seed gives the same rollout, event by event", () => {
    const once = () =>
      simulateRollout({ ...simulation, canaryErrors: 0.01, random: seededRandom(9) });
    expect(once()).toEqual(once());
    expect(once().status.events[0]).toMatchObject({ at: 0, type: "started" });
  });
  test("without traffic a rollout waits for its operator", () => {
    const held = simulateRollout({
      ...simulation,
      plan: { ...simulation.plan, deadline: { after: 60_000, policy: "hold" } },
      requestsPerMinute: 0,
      canaryErrors: 0,
    });
    expect(held.outcome).toBe("waiting");
    expect(held.status.why).toMatch(/canary failed for 0 of 0 users/);
  });
});
