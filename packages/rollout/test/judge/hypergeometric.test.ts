import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logLikelihoodRatio, type Table } from "../../src/judge/hypergeometric.ts";
import { logChoose, logFactorial, logGamma } from "../../src/judge/log-gamma.ts";

/** Odds ratios as fractions, so that the check is exact. */
const odds = [
  [1n, 4n],
  [1n, 2n],
  [1n, 1n],
  [3n, 2n],
  [2n, 1n],
  [8n, 1n],
  [21n, 1n],
] as const;

const table = fc
  .record({
    canaryUnits: fc.integer({ min: 0, max: 40 }),
    stableUnits: fc.integer({ min: 0, max: 40 }),
  })
  .chain((units) =>
    fc.record({
      canaryUnits: fc.constant(units.canaryUnits),
      stableUnits: fc.constant(units.stableUnits),
      canaryEvents: fc.integer({ min: 0, max: units.canaryUnits }),
      stableEvents: fc.integer({ min: 0, max: units.stableUnits }),
    }),
  );

test("the likelihood ratio agrees with exact fractions", () => {
  fc.assert(
    fc.property(table, fc.constantFrom(...odds), fc.constantFrom(...odds), (t, over, under) => {
      const exact = exactRatio(t, over) / exactRatio(t, under);
      const ours = logLikelihoodRatio(t, asNumber(over), asNumber(under));
      expect(ours).toBeCloseTo(Math.log(exact), 9);
    }),
  );
});

test("probabilities of all tables with the same margins sum to 1", () => {
  const units = { canaryUnits: 700, stableUnits: 4_300 };
  const events = 90;
  for (const psi of [0.25, 1.5, 3, 21]) {
    let sum = 0;
    for (let x = 0; x <= events; x++) {
      const t = { ...units, canaryEvents: x, stableEvents: events - x };
      const central =
        logChoose(units.canaryUnits, x) +
        logChoose(units.stableUnits, events - x) -
        logChoose(5_000, events);
      sum += Math.exp(central + logLikelihoodRatio(t, psi, 1));
    }
    expect(sum).toBeCloseTo(1, 9);
  }
});

test("large counts stay finite and lean the right way", () => {
  const t = { canaryUnits: 60_000, stableUnits: 1_140_000, canaryEvents: 600, stableEvents: 5_700 };
  const ratio = logLikelihoodRatio(t, 2, 1);
  expect(ratio).toBeGreaterThan(50);
  expect(Number.isFinite(ratio)).toBe(true);
});

test("a table that its margins decide says nothing", () => {
  for (const t of [
    { canaryUnits: 0, stableUnits: 9, canaryEvents: 0, stableEvents: 3 },
    { canaryUnits: 5, stableUnits: 0, canaryEvents: 4, stableEvents: 0 },
    { canaryUnits: 5, stableUnits: 9, canaryEvents: 0, stableEvents: 0 },
    { canaryUnits: 5, stableUnits: 9, canaryEvents: 5, stableEvents: 9 },
  ]) {
    expect(logLikelihoodRatio(t, 3, 1)).toBe(0);
  }
});

describe("logarithms of factorials", () => {
  test("table and series meet", () => {
    for (const n of [1, 2, 170, 1022, 1023, 1024, 1025, 100_000]) {
      expect(logFactorial(n) / (logGamma(n + 1) || 1)).toBeCloseTo(n < 2 ? 0 : 1, 13);
    }
  });
  test("half-integers: Γ(1/2) = √π", () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
    expect(logGamma(5.5)).toBeCloseTo(Math.log(52.34277778455352), 12);
  });
});

/** P_ψ(x | m) in exact fractions, divided only at the end. */
function exactRatio(t: Table, [top, bottom]: readonly [bigint, bigint]): number {
  const m = t.canaryEvents + t.stableEvents;
  const term = (u: number): bigint =>
    choose(t.canaryUnits, u) *
    choose(t.stableUnits, m - u) *
    top ** BigInt(u) *
    bottom ** BigInt(m - u);
  let sum = 0n;
  for (let u = 0; u <= m; u++) sum += term(u);
  return divide(term(t.canaryEvents), sum);
}

function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/** The quotient with 60 digits before it becomes a float: tiny probabilities keep their digits. */
function divide(a: bigint, b: bigint): number {
  const scale = 10n ** 60n;
  return Number((a * scale) / b) / 1e60;
}

function asNumber([top, bottom]: readonly [bigint, bigint]): number {
  return Number(top) / Number(bottom);
}
