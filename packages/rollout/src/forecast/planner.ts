import {
  addHarm,
  addTolerance,
  type EProcess,
  logEvidence,
  logMean,
  newHarm,
  newSafety,
  newTolerance,
} from "../judge/e-process.ts";
import type { Plan } from "../plan/plan.ts";
import { binomial } from "./random.ts";

export interface ForecastQuestion {
  readonly plan: Plan;
  readonly requestsPerMinute: number;
  /** Share of requests that fail on stable. */
  readonly stableErrors: number;
  readonly random: () => number;
}

/** What the given traffic can tell before a plan's deadline. Every request is taken for a user's of its own. */
export interface Forecast {
  readonly stages: readonly Stage[];
  /** The least rise of the error rate that is found in at least 80 of 100 rollouts; absent: not even a hundredfold one. */
  readonly finds?: { readonly times: number; readonly rate: number; readonly share: number };
  /** Canary users without an error after which a canary is called safe, and when they have been seen; minutes absent: not in time. */
  readonly safeAfter: { readonly users: number; readonly minutes?: number };
  readonly sentence: string;
}

export interface Stage {
  readonly weight: number;
  readonly minutes: number;
  readonly canaryRequests: number;
}

/** Rises that are tried, least first. */
const rises = [1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100];
const runs = 200;
const enough = 0.8;
/** More looks than these are put together: they change little and cost much. */
const mostLooks = 240;

/** Says what a plan can find with the traffic there is, by simulation of the judge. */
export function forecast(question: ForecastQuestion): Forecast {
  const stages = stagesOf(question.plan, question.requestsPerMinute);
  const finds = leastRise(question, stages);
  const users = cleanUsers(question.plan);
  const minutes = minutesUntil(users, stages);
  const safeAfter = { users, ...(minutes === undefined ? {} : { minutes }) };
  return {
    stages,
    ...(finds === undefined ? {} : { finds }),
    safeAfter,
    sentence: sentenceOf(question, stages, finds, safeAfter),
  };
}

/** The time at each weight; an analysis takes as long as it may. */
function stagesOf(plan: Plan, perMinute: number): readonly Stage[] {
  const stages: Stage[] = [];
  let weight = 0;
  for (const step of plan.steps) {
    if (step.do === "setWeight") weight = step.weight;
    const time = step.do === "observe" ? step.for : step.do === "analyse" ? step.atMost : 0;
    if (time === 0) continue;
    const minutes = time / 60_000;
    stages.push({ weight, minutes, canaryRequests: Math.round(perMinute * minutes * weight) });
  }
  return stages;
}

function leastRise(question: ForecastQuestion, stages: readonly Stage[]): Forecast["finds"] {
  let low = 0;
  let high = rises.length;
  let best: Forecast["finds"];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const times = rises[middle] as number;
    const rate = question.stableErrors * times;
    const share = rate >= 1 ? 0 : shareFound(question, stages, rate);
    if (rate >= 1 || share >= enough) {
      high = middle;
      if (rate < 1) best = { times, rate, share };
    } else low = middle + 1;
  }
  return best;
}

function shareFound(question: ForecastQuestion, stages: readonly Stage[], rate: number): number {
  const { plan, random, stableErrors, requestsPerMinute } = question;
  const bound = Math.log(plan.metrics.length / plan.alpha);
  const total = stages.reduce((sum, stage) => sum + stage.minutes, 0);
  const look = Math.max(plan.block / 60_000, total / mostLooks);
  let found = 0;
  for (let run = 0; run < runs; run++) {
    let harm: EProcess = newHarm;
    for (let at = 0; at < total && logEvidence(harm) < bound; at += look) {
      const users = binomial(random, Math.round(requestsPerMinute * look * 2), 0.5);
      const canaryUnits = binomial(random, users, weightAt(stages, at));
      const stableUnits = users - canaryUnits;
      harm = addHarm(harm, {
        canaryUnits,
        stableUnits,
        canaryEvents: binomial(random, canaryUnits, rate),
        stableEvents: binomial(random, stableUnits, stableErrors),
      });
    }
    if (logEvidence(harm) >= bound) found += 1;
  }
  return found / runs;
}

function weightAt(stages: readonly Stage[], minute: number): number {
  let end = 0;
  for (const stage of stages) {
    end += stage.minutes;
    if (minute < end) return stage.weight;
  }
  return 0;
}

/** How many canary users without an error make it safe although stable had none either. */
function cleanUsers(plan: Plan): number {
  const metric = plan.metrics.find((one) => one.kind === "errors");
  if (metric === undefined) return 0;
  const silent = logEvidence(newSafety(plan.psiMax));
  const enoughFor = (units: number): boolean =>
    logMean([
      silent,
      logEvidence(addTolerance(newTolerance, { units, events: 0 }, metric.tolerance)),
    ]) >= -Math.log(plan.beta);
  let high = 1;
  while (!enoughFor(high)) high *= 2;
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enoughFor(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function minutesUntil(users: number, stages: readonly Stage[]): number | undefined {
  let seen = 0;
  let minutes = 0;
  for (const stage of stages) {
    if (stage.canaryRequests > 0 && seen + stage.canaryRequests >= users) {
      return minutes + ((users - seen) / stage.canaryRequests) * stage.minutes;
    }
    seen += stage.canaryRequests;
    minutes += stage.minutes;
  }
  return undefined;
}

function sentenceOf(
  question: ForecastQuestion,
  stages: readonly Stage[],
  finds: Forecast["finds"],
  safeAfter: Forecast["safeAfter"],
): string {
  const times = stages.map((stage) => `${percent(stage.weight)} for ${span(stage.minutes)}`);
  const found =
    finds === undefined
      ? "finds no rise of errors up to a hundredfold with any certainty"
      : `finds a rise of errors to ${finds.times} times (${percent(question.stableErrors)} to ${percent(finds.rate)}) in ${Math.round(finds.share * 100)} of 100 rollouts`;
  const safe =
    safeAfter.minutes === undefined
      ? `${safeAfter.users} canary users without an error, which make it safe, do not come in time`
      : `${safeAfter.users} canary users without an error make it safe, after ${span(safeAfter.minutes)}`;
  return `At ${question.requestsPerMinute} requests a minute, ${times.join(", then ")} ${found}; ${safe}.`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function span(minutes: number): string {
  if (minutes < 1) return `${Number((minutes * 60).toPrecision(2))} s`;
  return minutes >= 120
    ? `${Number((minutes / 60).toPrecision(3))} h`
    : `${Math.round(minutes)} min`;
}
