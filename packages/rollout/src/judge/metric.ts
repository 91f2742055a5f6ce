import { unreachable } from "@lithify/fault";
import type { Metric } from "../plan/plan.ts";
import type { Side } from "../seams.ts";
import {
  addHarm,
  addSafety,
  addTolerance,
  type EProcess,
  logEvidence,
  logMean,
  newHarm,
  newSafety,
  newTolerance,
} from "./e-process.ts";
import { type WaldRates, waldBounds, waldStep } from "./wald.ts";

/** One metric's running evidence: a series for each threshold (errors have one); plain JSON. */
export interface MetricState {
  readonly series: readonly Series[];
}

interface Series {
  readonly harm: EProcess;
  readonly safety: EProcess;
  readonly tolerance: EProcess;
  /** ln of the likelihood ratio of an absolute objective. */
  readonly wald: number;
  readonly canary: Counts;
  readonly stable: Counts;
}

interface Counts {
  readonly units: number;
  readonly events: number;
}

/** A metric's evidence as logarithms, beside the bounds it is held against. */
export interface Reading {
  readonly metric: Metric;
  readonly logHarm: number;
  readonly logHarmBound: number;
  readonly logSafety: number;
  readonly logSafetyBound: number;
  /** Users of the series that weighs most. */
  readonly canary: Counts;
  readonly stable: Counts;
}

export function newMetricState(metric: Metric, psiMax: number): MetricState {
  const none = { units: 0, events: 0 };
  const series: Series = {
    harm: newHarm,
    safety: newSafety(psiMax),
    tolerance: newTolerance,
    wald: 0,
    canary: none,
    stable: none,
  };
  return { series: metric.kind === "latency" ? metric.slowerThan.map(() => series) : [series] };
}

/** The metric after one more block; `counts` gives users and events for each threshold. */
export function addToMetric(
  metric: Metric,
  state: MetricState,
  psiMax: number,
  counts: (threshold: number) => Readonly<Record<Side, Counts>>,
): MetricState {
  return { series: state.series.map((one, i) => addTo(metric, one, counts(i), psiMax)) };
}

function addTo(
  metric: Metric,
  series: Series,
  { stable, canary }: Readonly<Record<Side, Counts>>,
  psiMax: number,
): Series {
  const table = {
    canaryUnits: canary.units,
    stableUnits: stable.units,
    canaryEvents: canary.events,
    stableEvents: stable.events,
  };
  const sums = { canary: sum(series.canary, canary), stable: sum(series.stable, stable) };
  switch (metric.kind) {
    case "errors":
    case "latency":
      return {
        ...series,
        ...sums,
        harm: addHarm(series.harm, table),
        safety: addSafety(series.safety, table, psiMax),
        tolerance: addTolerance(series.tolerance, canary, metric.tolerance),
      };
    case "objective": {
      const rates = waldRates(metric.atMost, psiMax);
      return {
        ...series,
        ...sums,
        wald: series.wald + waldStep(rates, canary.units, canary.events),
      };
    }
    default:
      return unreachable(metric);
  }
}

/** The evidence so far, against the bounds of one metric's share of alpha, and of beta. */
export function readingOf(
  metric: Metric,
  state: MetricState,
  limits: { readonly psiMax: number; readonly alpha: number; readonly beta: number },
): Reading {
  const strongest = state.series.reduce((a, b) =>
    logEvidence(b.harm) > logEvidence(a.harm) ? b : a,
  );
  const users = { canary: strongest.canary, stable: strongest.stable };
  if (metric.kind === "objective") {
    const bounds = waldBounds({ ...waldRates(metric.atMost, limits.psiMax), ...limits });
    return {
      metric,
      ...users,
      logHarm: strongest.wald,
      logHarmBound: bounds.harmful,
      logSafety: -strongest.wald,
      logSafetyBound: -bounds.safe,
    };
  }
  return {
    metric,
    ...users,
    // Harm: the mean over the thresholds tests "slower at none of them".
    logHarm: logMean(state.series.map((one) => logEvidence(one.harm))),
    logHarmBound: -Math.log(limits.alpha),
    // Safety: the least over the thresholds, for one bad threshold is harm enough.
    logSafety: Math.min(...state.series.map(safetyOf)),
    logSafetyBound: -Math.log(limits.beta),
  };
}

/** A canary is harmful when it is ψ_max times worse *and* above what is tolerated: the mean tests both at once. */
function safetyOf(series: Series): number {
  return logMean([logEvidence(series.safety), logEvidence(series.tolerance)]);
}

function waldRates(atMost: number, psiMax: number): WaldRates {
  // The bad rate is the one with ψ_max times the odds of the promised one.
  const odds = (psiMax * atMost) / (1 - atMost);
  return { good: atMost, bad: odds / (1 + odds) };
}

function sum(a: Counts, b: Counts): Counts {
  return { units: a.units + b.units, events: a.events + b.events };
}
