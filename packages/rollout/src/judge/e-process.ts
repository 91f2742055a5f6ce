import { logLikelihoodRatio, type Table } from "./hypergeometric.ts";
import { logSumExp } from "./log-gamma.ts";

/**
 * A test by betting: the logarithms of running likelihood products, one for each alternative, and their
 * mean as evidence. Under the null its expectation never exceeds 1, whenever one looks, so by Ville's
 * inequality the chance that it ever reaches 1/α is at most α.
 */
export type EProcess = readonly number[];

/** Odds ratios that a harmful canary may have; each gets the same weight, fixed beforehand. */
export const harmGrid = [1.5, 2, 3, 5, 8, 13, 21] as const;

/** Odds ratios that a safe canary may have; those below ψ_max take part. */
export const safetyGrid = [0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13] as const;

/** Shares of the tolerated rate that a safe canary may have. */
const toleranceGrid = [0, 0.1, 0.3, 0.6] as const;

export const newHarm: EProcess = harmGrid.map(() => 0);

export function newSafety(psiMax: number): EProcess {
  return safetyAlternatives(psiMax).map(() => 0);
}

export const newTolerance: EProcess = toleranceGrid.map(() => 0);

/** Evidence against "the canary is no worse" (null: ψ ≤ 1). */
export function addHarm(process: EProcess, table: Table): EProcess {
  return harmGrid.map((psi, k) => (process[k] ?? 0) + logLikelihoodRatio(table, psi, 1));
}

/** Evidence against "the canary's odds are at least ψ_max times the stable side's" (null: ψ ≥ ψ_max). */
export function addSafety(process: EProcess, table: Table, psiMax: number): EProcess {
  return safetyAlternatives(psiMax).map(
    (psi, k) => (process[k] ?? 0) + logLikelihoodRatio(table, psi, psiMax),
  );
}

/** Evidence against "the canary's rate is at least `tolerated`" (null: p ≥ tolerated), from the canary alone. */
export function addTolerance(
  process: EProcess,
  canary: { readonly units: number; readonly events: number },
  tolerated: number,
): EProcess {
  const good = canary.units - canary.events;
  return toleranceGrid.map((share, k) => {
    const lnEvents = canary.events === 0 ? 0 : canary.events * Math.log(share);
    const lnGood = good * (Math.log1p(-share * tolerated) - Math.log1p(-tolerated));
    // -1e6 instead of -Infinity: JSON has no infinity, and e^-1e6 is 0 all the same.
    return Math.max(-1e6, (process[k] ?? 0) + lnEvents + lnGood);
  });
}

/** ln of the evidence: the mean over the alternatives. */
export function logEvidence(process: EProcess): number {
  return logSumExp(process) - Math.log(process.length);
}

/** ln of the mean of several evidences; valid against the null that all of their nulls hold. */
export function logMean(logs: readonly number[]): number {
  return logSumExp(logs) - Math.log(logs.length);
}

function safetyAlternatives(psiMax: number): readonly number[] {
  return safetyGrid.filter((psi) => psi < psiMax);
}
