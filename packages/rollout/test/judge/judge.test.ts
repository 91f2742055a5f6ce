import { describe, expect, test } from "vitest";
import { binomial, seededRandom } from "../../src/forecast/random.ts";
import {
  evidenceOf,
  type JudgePlan,
  judgeBlock,
  newJudge,
  verdictOf,
} from "../../src/judge/judge.ts";
import { logSampleRatioEvidence, sampleRatioBound } from "../../src/judge/sample-ratio.ts";
import { waldBounds, waldStep, zeroEventUnits } from "../../src/judge/wald.ts";
import type { SideCounts } from "../../src/seams.ts";

const errorsOnly: JudgePlan = {
  metrics: [{ kind: "errors", name: "errors", tolerance: 0.01 }],
  alpha: 0.05,
  beta: 0.05,
  psiMax: 3,
};

function side(counts: Partial<SideCounts>): SideCounts {
  return { requests: 0, requestErrors: 0, units: 0, unitErrors: 0, unitSlow: [], ...counts };
}

describe("verdicts say why", () => {
  test("harmful, with counts, evidence and bound", () => {
    const state = judgeBlock(
      errorsOnly,
      newJudge(errorsOnly),
      { stable: side({ units: 950, unitErrors: 4 }), canary: side({ units: 50, unitErrors: 9 }) },
      0.05,
    );
    const verdict = verdictOf(errorsOnly, state);
    expect(verdict.answer).toBe("harmful");
    expect(verdict.why).toContain("canary failed for 9 of 50 users, stable for 4 of 950");
    expect(verdict.why).toContain("roll back from 20");
  });
  test("nothing seen is insufficient evidence", () => {
    const verdict = verdictOf(errorsOnly, newJudge(errorsOnly));
    expect(verdict.answer).toBe("insufficient-evidence");
    expect(evidenceOf(errorsOnly, newJudge(errorsOnly))).toEqual([
      { metric: "errors", eHarm: 1, eSafety: 1, harmBound: 20, safetyBound: 20 },
    ]);
  });
  test("several metrics: each gets its share of alpha", () => {
    const plan: JudgePlan = {
      ...errorsOnly,
      metrics: [
        ...errorsOnly.metrics,
        { kind: "latency", name: "latency", slowerThan: [100, 1000], tolerance: 0.05 },
      ],
    };
    expect(evidenceOf(plan, newJudge(plan)).map((e) => e.harmBound)).toEqual([40, 40]);
  });
});

describe("latency", () => {
  const plan: JudgePlan = {
    ...errorsOnly,
    metrics: [{ kind: "latency", name: "latency", slowerThan: [100, 1000], tolerance: 0.05 }],
  };
  const block = (slow: readonly number[]) => ({
    stable: side({ units: 900, unitSlow: [9, 0] }),
    canary: side({ units: 100, unitSlow: slow }),
  });
  test("slow at one threshold is harm", () => {
    const state = judgeBlock(plan, newJudge(plan), block([1, 12]), 0.1);
    expect(verdictOf(plan, state).answer).toBe("harmful");
  });
  test("fast at one threshold is not safe enough", () => {
    let state = newJudge(plan);
    for (let i = 0; i < 5; i++) state = judgeBlock(plan, state, block([6, 0]), 0.1);
    const [evidence] = evidenceOf(plan, state);
    expect(evidence?.eSafety).toBeLessThan(1);
  });
});

describe("onsets replace the plain counts", () => {
  test("a user who fails all the time is one failure", () => {
    let state = newJudge(errorsOnly);
    for (let i = 0; i < 50; i++) {
      const first = i === 0 ? 1 : 0;
      state = judgeBlock(
        errorsOnly,
        state,
        {
          stable: side({ units: 95, onsets: [{ units: 95, events: 0 }] }),
          canary: side({ units: 5, unitErrors: 1, onsets: [{ units: 4 + first, events: first }] }),
        },
        0.05,
      );
    }
    expect(verdictOf(errorsOnly, state).answer).not.toBe("harmful");
  });
});

describe("an absolute objective (Wald)", () => {
  const plan: JudgePlan = {
    ...errorsOnly,
    metrics: [{ kind: "objective", name: "objective", atMost: 0.01 }],
  };
  const run = (rate: number, seed: number): string => {
    const random = seededRandom(seed);
    let state = newJudge(plan);
    for (let i = 0; i < 400; i++) {
      const canary = side({ units: 50, unitErrors: binomial(random, 50, rate) });
      state = judgeBlock(plan, state, { stable: side({}), canary }, 1);
      const { answer } = verdictOf(plan, state);
      if (answer !== "insufficient-evidence") return answer;
    }
    return "insufficient-evidence";
  };
  test("needs no traffic on the other side, and errs as rarely as it says", () => {
    const seeds = Array.from({ length: 200 }, (_, i) => i);
    const falseAlarms = seeds.filter((seed) => run(0.01, seed) === "harmful").length;
    const misses = seeds.filter((seed) => run(0.03, seed) === "safe").length;
    expect(falseAlarms / 200).toBeLessThanOrEqual(0.1);
    expect(misses / 200).toBeLessThanOrEqual(0.1);
    expect(seeds.filter((seed) => run(0.03, seed) === "harmful").length).toBeGreaterThan(180);
  });
  test("steps and bounds are Wald's", () => {
    expect(waldStep({ good: 0.01, bad: 0.03 }, 1, 1)).toBeCloseTo(Math.log(3), 12);
    expect(waldStep({ good: 0.01, bad: 0.03 }, 1, 0)).toBeCloseTo(Math.log(0.97 / 0.99), 12);
    const bounds = waldBounds({ alpha: 0.05, beta: 0.1 });
    expect(bounds.harmful).toBeCloseTo(Math.log(18), 12);
    expect(bounds.safe).toBeCloseTo(Math.log(0.1 / 0.95), 12);
  });
  test.each([
    [0.05, 59],
    [0.01, 299],
    [0.001, 2995],
  ])("without one error, a rate of %d is excluded after %i", (rate, units) => {
    expect(zeroEventUnits(rate, 0.05)).toBe(units);
  });
});

describe("the sample ratio", () => {
  test("a true split hardly ever alarms, however often one looks", () => {
    let alarms = 0;
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed);
      let canary = 0;
      for (let n = 50; n <= 5_000; n += 50) {
        canary += binomial(random, 50, 0.05);
        const log = logSampleRatioEvidence({
          weight: 0.05,
          ordinal: 1,
          canary,
          stable: n - canary,
        });
        if (log >= sampleRatioBound(1, 0.01)) {
          alarms += 1;
          break;
        }
      }
    }
    expect(alarms).toBeLessThanOrEqual(9);
  });
  test("twice as many users as told is a broken split, and stays one at the next weight", () => {
    const block = { stable: side({ newUnits: 900 }), canary: side({ newUnits: 100 }) };
    const broken = judgeBlock(errorsOnly, newJudge(errorsOnly), block, 0.05);
    const verdict = verdictOf(errorsOnly, broken);
    expect(verdict.answer).toBe("split-broken");
    expect(verdict.why).toContain("100 of 1000 new users reached the canary, 5 % of them were to");
    const later = judgeBlock(errorsOnly, broken, block, 0.1);
    expect(verdictOf(errorsOnly, later).answer).toBe("split-broken");
  });
  test("a right split at one weight says nothing against the next weight", () => {
    const at5 = { stable: side({ newUnits: 950 }), canary: side({ newUnits: 50 }) };
    const at50 = { stable: side({ newUnits: 500 }), canary: side({ newUnits: 500 }) };
    const first = judgeBlock(errorsOnly, newJudge(errorsOnly), at5, 0.05);
    expect(verdictOf(errorsOnly, judgeBlock(errorsOnly, first, at50, 0.5)).answer).not.toBe(
      "split-broken",
    );
  });
});
