import { describe, expect, test } from "vitest";
import { binomial, seededRandom } from "../../src/forecast/random.ts";
import {
  type JudgePlan,
  judgeBlock,
  newJudge,
  type Verdict,
  verdictOf,
} from "../../src/judge/judge.ts";
import type { SideCounts } from "../../src/seams.ts";

/**
 * Seeded simulations of whole rollouts: 5 % of the users on the canary, 60 blocks, alpha = beta = 5 %.
 * 300 runs to a cell: a true 5 % shows as more than 8.5 % in fewer than one of a hundred seeds, a true
 * 1.7 % (the figure to reach) as more than 4 % in as few.
 */
const plan: JudgePlan = {
  metrics: [{ kind: "errors", name: "errors", tolerance: 0.01 }],
  alpha: 0.05,
  beta: 0.05,
  psiMax: 3,
};
const runs = 300;
const looks = 60;

type Cell = readonly [perMinute: number];

describe("a harmless canary at a base rate of 0.5 %", () => {
  test.each<Cell>([[3], [60], [1200]])(
    "%i a minute: rolled back in at most 4 %% of rollouts",
    (n) => {
      const harmful = simulate(n, () => [0.005, 0.005]).filter((run) => run.answer === "harmful");
      expect(harmful.length / runs).toBeLessThanOrEqual(0.04);
    },
  );
});

describe("0.5 % becomes 5 %", () => {
  test.each<readonly [perMinute: number, share: number, median: number]>([
    [3, 0.92, 66],
    [60, 1, 120],
  ])(
    "%i a minute: found in %d of rollouts, at the median by canary request %i",
    (n, share, median) => {
      const found = simulate(n, () => [0.005, 0.05]).filter((run) => run.answer === "harmful");
      expect(found.length / runs).toBeGreaterThanOrEqual(share);
      const at = found.map((run) => run.canary).sort((a, b) => a - b);
      expect(at[Math.floor(at.length / 2)]).toBeLessThanOrEqual(median);
    },
  );
});

test("half-way the base rate trebles on both sides and the weight rises tenfold: no more false rollbacks", () => {
  const late = (block: number): boolean => block >= looks / 2;
  const harmful = simulate(
    60,
    (block) => (late(block) ? [0.015, 0.015] : [0.005, 0.005]),
    (block) => (late(block) ? 1 : 19),
  ).filter((run) => run.answer === "harmful");
  expect(harmful.length / runs).toBeLessThanOrEqual(0.05);
});

describe("a canary that is three times worse, above what is tolerated", () => {
  test.each<Cell>([[60], [1200]])("%i a minute: called safe in at most 8.5 %% of rollouts", (n) => {
    const bad = (3 * 0.02) / (1 - 0.02 + 3 * 0.02);
    const safe = simulate(n, () => [0.02, bad]).filter((run) => run.answer === "safe");
    expect(safe.length / runs).toBeLessThanOrEqual(0.085);
  });
});

describe("a good canary is called safe", () => {
  test("at 60 a minute on the canary, although nothing ever fails", () => {
    const safe = simulate(60, () => [0, 0]).filter((run) => run.answer === "safe");
    expect(safe.length).toBe(runs);
  });
  test("at 1,200 a minute and a base rate of 2 %, above what is tolerated", () => {
    const safe = simulate(1200, () => [0.02, 0.02]).filter((run) => run.answer === "safe");
    expect(safe.length / runs).toBeGreaterThanOrEqual(0.9);
  });
});

test("failures clustered by user: counted by user they deceive nobody, counted by request they would", () => {
  const random = seededRandom(7);
  const byUser: string[] = [];
  const byRequest: string[] = [];
  for (let run = 0; run < runs; run++) {
    const users = newJudge(plan);
    let user = users;
    let request = users;
    for (let i = 0; i < looks; i++) {
      // A user sends 20 requests in a block; 1 % of the users are in trouble, and half of theirs fail.
      const canary = clustered(random, 10);
      const stable = clustered(random, 190);
      user = judgeBlock(
        plan,
        user,
        { canary: counts(10, canary.users), stable: counts(190, stable.users) },
        0.05,
      );
      request = judgeBlock(
        plan,
        request,
        { canary: counts(200, canary.requests), stable: counts(3_800, stable.requests) },
        0.05,
      );
      if (byUser[run] !== "harmful") byUser[run] = verdictOf(plan, user).answer;
      if (byRequest[run] !== "harmful") byRequest[run] = verdictOf(plan, request).answer;
    }
  }
  const share = (answers: readonly string[]): number =>
    answers.filter((answer) => answer === "harmful").length / runs;
  expect(share(byUser)).toBeLessThanOrEqual(0.05);
  expect(share(byRequest)).toBeGreaterThan(0.2);
});

interface Run {
  readonly answer: Verdict["answer"];
  readonly canary: number;
}

/** `perMinute` requests of as many users on the canary, 19 times as many on stable. */
function simulate(
  perMinute: number,
  rates: (block: number) => readonly [stable: number, canary: number],
  stableTimes: (block: number) => number = () => 19,
): readonly Run[] {
  const random = seededRandom(20_260_101);
  return Array.from({ length: runs }, () => {
    let state = newJudge(plan);
    for (let block = 0; block < looks; block++) {
      const [stable, canary] = rates(block);
      const onStable = perMinute * stableTimes(block);
      state = judgeBlock(
        plan,
        state,
        {
          canary: counts(perMinute, binomial(random, perMinute, canary)),
          stable: counts(onStable, binomial(random, onStable, stable)),
        },
        0.05,
      );
      const { answer } = verdictOf(plan, state);
      if (answer !== "insufficient-evidence") return { answer, canary: (block + 1) * perMinute };
    }
    return { answer: "insufficient-evidence", canary: looks * perMinute };
  });
}

function clustered(
  random: () => number,
  users: number,
): { readonly users: number; readonly requests: number } {
  const inTrouble = binomial(random, users, 0.01);
  let hit = 0;
  let requests = 0;
  for (let i = 0; i < inTrouble; i++) {
    const failed = binomial(random, 20, 0.5);
    requests += failed;
    if (failed > 0) hit += 1;
  }
  return { users: hit, requests };
}

function counts(units: number, unitErrors: number): SideCounts {
  return { requests: units, requestErrors: unitErrors, units, unitErrors, unitSlow: [] };
}
