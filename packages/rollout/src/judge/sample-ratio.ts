import { logGamma } from "./log-gamma.ts";

/** Users first seen while one weight was in force. */
export interface SampleRatio {
  readonly weight: number;
  /** Which weight of the rollout this is, from 1: later ones are judged more strictly. */
  readonly ordinal: number;
  readonly canary: number;
  readonly stable: number;
}

/** Weight of the Dirichlet prior around the promised shares, in users. */
const concentration = 100;

/**
 * ln of the Bayes factor of "the shares are others" to "the shares are as promised", for two shares:
 * the sequential multinomial test of Lindon and Malek (arXiv 2011.03567). It may be looked at always.
 */
export function logSampleRatioEvidence(ratio: SampleRatio): number {
  const { weight, canary, stable } = ratio;
  if (weight <= 0) return canary > 0 ? 1e6 : 0;
  if (weight >= 1) return stable > 0 ? 1e6 : 0;
  const priorCanary = concentration * weight;
  const priorStable = concentration * (1 - weight);
  return (
    logGamma(concentration) -
    logGamma(concentration + canary + stable) +
    logGamma(priorCanary + canary) -
    logGamma(priorCanary) +
    logGamma(priorStable + stable) -
    logGamma(priorStable) -
    canary * Math.log(weight) -
    stable * Math.log1p(-weight)
  );
}

/** ln of the bound for the weight's evidence; over all weights the chance of a false alarm is at most `alpha`. */
export function sampleRatioBound(ordinal: number, alpha: number): number {
  // Σ 6/(π²j²) = 1: every weight gets its share of alpha however many follow.
  return Math.log((Math.PI * Math.PI * ordinal * ordinal) / 6 / alpha);
}
