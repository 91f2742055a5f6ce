import type { Metric, Plan } from "../plan/plan.ts";
import type { Block, Side } from "../seams.ts";
import {
  addToMetric,
  type MetricState,
  newMetricState,
  type Reading,
  readingOf,
} from "./metric.ts";
import { logSampleRatioEvidence, type SampleRatio, sampleRatioBound } from "./sample-ratio.ts";

/** What the judge needs of a plan. */
export type JudgePlan = Pick<Plan, "metrics" | "alpha" | "beta" | "psiMax">;

/** Everything the judge has seen, folded; plain JSON. */
export interface JudgeState {
  readonly metrics: readonly MetricState[];
  readonly sampleRatio?: SampleRatio;
}

export interface Verdict {
  readonly answer: "harmful" | "safe" | "insufficient-evidence" | "split-broken";
  /** In plain words, with the numbers that decide. */
  readonly why: string;
}

/** The evidence of one metric: e-values against their bounds. */
export interface Evidence {
  readonly metric: string;
  readonly eHarm: number;
  readonly eSafety: number;
  readonly harmBound: number;
  readonly safetyBound: number;
}

/** A false alarm of the sample-ratio check in one of a hundred rollouts at most. */
const sampleRatioAlpha = 0.01;

export function newJudge(plan: JudgePlan): JudgeState {
  return { metrics: plan.metrics.map((metric) => newMetricState(metric, plan.psiMax)) };
}

/** The state after one more block, which was taken while `weight` was in force. */
export function judgeBlock(
  plan: JudgePlan,
  state: JudgeState,
  block: Block,
  weight: number,
): JudgeState {
  const latency = firstThresholds(plan.metrics);
  const sampleRatio = addToRatio(state.sampleRatio, block, weight);
  return {
    metrics: plan.metrics.map((metric, i) =>
      addToMetric(metric, state.metrics[i] as MetricState, plan.psiMax, (threshold) =>
        countsOf(block, metric.kind === "latency" ? (latency[i] ?? 0) + threshold + 1 : 0),
      ),
    ),
    ...(sampleRatio === undefined ? {} : { sampleRatio }),
  };
}

/** The present answer. Harm: any metric reaches m/α; safe: every metric reaches 1/β. */
export function verdictOf(plan: JudgePlan, state: JudgeState): Verdict {
  const broken = brokenSplit(state.sampleRatio);
  if (broken !== undefined) return { answer: "split-broken", why: broken };
  const readings = readingsOf(plan, state);
  const harmful = readings.find((reading) => reading.logHarm >= reading.logHarmBound);
  if (harmful !== undefined) return { answer: "harmful", why: harmfulWhy(harmful, plan) };
  const open = readings.filter((reading) => reading.logSafety < reading.logSafetyBound);
  if (open.length === 0) return { answer: "safe", why: safeWhy(readings, plan) };
  return { answer: "insufficient-evidence", why: openWhy(open) };
}

export function evidenceOf(plan: JudgePlan, state: JudgeState): readonly Evidence[] {
  return readingsOf(plan, state).map((reading) => ({
    metric: reading.metric.name,
    eHarm: printable(reading.logHarm),
    eSafety: printable(reading.logSafety),
    harmBound: printable(reading.logHarmBound),
    safetyBound: printable(reading.logSafetyBound),
  }));
}

function readingsOf(plan: JudgePlan, state: JudgeState): readonly Reading[] {
  const limits = {
    psiMax: plan.psiMax,
    // Bonferroni for harm. Safety needs none: it takes all metrics, and one false one is within beta.
    alpha: plan.alpha / plan.metrics.length,
    beta: plan.beta,
  };
  return plan.metrics.map((metric, i) =>
    readingOf(metric, state.metrics[i] as MetricState, limits),
  );
}

interface Counts {
  readonly units: number;
  readonly events: number;
}

/** Units and events of both sides: index 0 is errors, then the thresholds. */
function countsOf(block: Block, index: number): Readonly<Record<Side, Counts>> {
  const side = (name: Side): Counts => {
    const counts = block[name];
    const onset = counts.onsets?.[index];
    if (onset !== undefined) return onset;
    const events = index === 0 ? counts.unitErrors : (counts.unitSlow[index - 1] ?? 0);
    return { units: counts.units, events };
  };
  return { stable: side("stable"), canary: side("canary") };
}

function firstThresholds(metrics: readonly Metric[]): readonly number[] {
  let next = 0;
  return metrics.map((metric) => {
    const first = next;
    if (metric.kind === "latency") next += metric.slowerThan.length;
    return first;
  });
}

function addToRatio(
  ratio: SampleRatio | undefined,
  block: Block,
  weight: number,
): SampleRatio | undefined {
  const { stable, canary } = block;
  if (stable.newUnits === undefined || canary.newUnits === undefined) return ratio;
  // Once broken, the check stays broken: a new weight must not wipe it out.
  const same = ratio !== undefined && (ratio.weight === weight || brokenSplit(ratio) !== undefined);
  const base = same ? ratio : { weight, ordinal: (ratio?.ordinal ?? 0) + 1, canary: 0, stable: 0 };
  return {
    ...base,
    canary: base.canary + canary.newUnits,
    stable: base.stable + stable.newUnits,
  };
}

function brokenSplit(ratio: SampleRatio | undefined): string | undefined {
  if (ratio === undefined) return undefined;
  const log = logSampleRatioEvidence(ratio);
  if (log < sampleRatioBound(ratio.ordinal, sampleRatioAlpha)) return undefined;
  const total = ratio.canary + ratio.stable;
  return `the split does not do what it was told: ${ratio.canary} of ${total} new users reached the canary, ${percent(ratio.weight)} of them were to (evidence ${number(Math.exp(log))} to 1)`;
}

function harmfulWhy(reading: Reading, plan: JudgePlan): string {
  const chance = percent(plan.alpha);
  return `${reading.metric.name}: ${sides(reading)}; evidence of harm ${number(Math.exp(reading.logHarm))}, roll back from ${number(Math.exp(reading.logHarmBound))} (a harmless canary gets there in at most ${chance} of rollouts)`;
}

function safeWhy(readings: readonly Reading[], plan: JudgePlan): string {
  const parts = readings.map(
    (r) =>
      `${r.metric.name}: ${sides(r)}; evidence of safety ${number(Math.exp(r.logSafety))} of ${number(Math.exp(r.logSafetyBound))}`,
  );
  return `${parts.join("; ")} (a harmful canary gets there in at most ${percent(plan.beta)} of rollouts)`;
}

function openWhy(open: readonly Reading[]): string {
  return open
    .map(
      (r) =>
        `${r.metric.name}: ${sides(r)}; evidence of safety ${number(Math.exp(r.logSafety))} of ${number(Math.exp(r.logSafetyBound))}, of harm ${number(Math.exp(r.logHarm))} of ${number(Math.exp(r.logHarmBound))}`,
    )
    .join("; ");
}

function sides(reading: Reading): string {
  const { canary, stable } = reading;
  const what = reading.metric.kind === "latency" ? "slow" : "failed";
  return `canary ${what} for ${canary.events} of ${canary.units} users, stable for ${stable.events} of ${stable.units}`;
}

/** Finite, so that JSON can hold it. */
function printable(log: number): number {
  return Number(Math.exp(Math.min(log, 690)).toPrecision(6));
}

function number(value: number): string {
  if (value >= 1e6) return "more than a million";
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
