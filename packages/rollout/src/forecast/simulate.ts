import { decide, type Intent } from "../core/decide.ts";
import type { Happening, RolloutEvent } from "../core/event.ts";
import { fold, foldLog, type RolloutState } from "../core/state.ts";
import { type RolloutStatus, statusOf } from "../core/status.ts";
import type { Plan } from "../plan/plan.ts";
import type { Block, SideCounts } from "../seams.ts";
import { binomial, poisson } from "./random.ts";

/** A made-up world for a plan. Every request is a user's of its own. */
export interface Simulation {
  readonly plan: Plan;
  readonly requestsPerMinute: number;
  /** Share of requests that fail on stable, and on the canary. */
  readonly stableErrors: number;
  readonly canaryErrors: number;
  /** Shares of requests slower than each threshold; none when left out. */
  readonly stableSlow?: number;
  readonly canarySlow?: number;
  /** Numbers from 0 to below 1: `seededRandom(seed)` for a run that can be repeated. */
  readonly random: () => number;
}

export interface SimulatedRollout {
  /** `waiting`: the deadline came and the policy leaves it to the operator, or to more evidence. */
  readonly outcome: "completed" | "rolledBack" | "waiting";
  readonly minutes: number;
  /** The document that `rollout status` would give at the end. */
  readonly status: RolloutStatus;
}

/**
 * A dry run of a whole rollout through the same core and judge, in made-up time. Instances start at once, and
 * the operator ends a pause after one block.
 */
export function simulateRollout(simulation: Simulation): SimulatedRollout {
  const { plan } = simulation;
  const events: RolloutEvent[] = [
    { at: 0, type: "started", plan, stable: plan.stable, canary: plan.canary },
  ];
  let state = foldLog(events) as RolloutState;
  let now = 0;
  const record = (happening: Happening | RolloutEvent): void => {
    const event = { at: now, ...happening };
    events.push(event);
    state = fold(state, event);
  };
  for (;;) {
    const decision = decide(state, { now });
    for (const event of decision.events) record(event);
    const intent = decision.intents[0];
    if (intent === undefined || state.deadlinePassed) break;
    if (intent.do === "observe") now += intent.milliseconds;
    for (const happening of happenings(simulation, state, intent)) record(happening);
  }
  return {
    outcome: state.phase === "completed" || state.phase === "rolledBack" ? state.phase : "waiting",
    minutes: now / 60_000,
    status: statusOf(events) as RolloutStatus,
  };
}

/** How the same rollout goes when it is repeated: shares of the outcomes, and medians. */
export function simulateMany(
  simulation: Simulation,
  runs: number,
): {
  readonly runs: number;
  readonly completed: number;
  readonly rolledBack: number;
  readonly waiting: number;
  readonly medianMinutes: number;
  readonly medianCanaryRequests: number;
} {
  const all = Array.from({ length: runs }, () => simulateRollout(simulation));
  const share = (outcome: SimulatedRollout["outcome"]): number =>
    all.filter((one) => one.outcome === outcome).length / runs;
  return {
    runs,
    completed: share("completed"),
    rolledBack: share("rolledBack"),
    waiting: share("waiting"),
    medianMinutes: median(all.map((one) => one.minutes)),
    medianCanaryRequests: median(all.map((one) => one.status.canary.requests)),
  };
}

function happenings(
  simulation: Simulation,
  state: RolloutState,
  intent: Intent,
): readonly Happening[] {
  switch (intent.do) {
    case "start":
      return [{ type: "ready", side: intent.side, instances: [] }];
    case "see":
      return [{ type: "seen" }];
    case "shift":
      return [{ type: "weightSet", weight: intent.weight, why: intent.why }];
    case "observe": {
      const counts = trafficOf(simulation, state.weight, intent.milliseconds / 60_000);
      const block: Happening = { type: "block", counts };
      if (state.phase !== "paused") return [block];
      return [block, { type: "operator", command: { do: "promote", full: false } }];
    }
    case "evacuate":
      return [{ type: "evacuated" }];
    case "drain":
      return [{ type: "drained", side: intent.side, left: 0 }];
    case "adopt":
      return [{ type: "adopted" }];
    case "stop":
      return [{ type: "stopped", side: intent.side }];
  }
}

function trafficOf(simulation: Simulation, weight: number, minutes: number): Block {
  const { random, plan } = simulation;
  const thresholds = plan.metrics.flatMap((m) => (m.kind === "latency" ? m.slowerThan : []));
  const all = poisson(random, simulation.requestsPerMinute * minutes);
  const canary = binomial(random, all, weight);
  const side = (units: number, errors: number, slow: number): SideCounts => {
    const unitErrors = binomial(random, units, errors);
    return {
      requests: units,
      requestErrors: unitErrors,
      units,
      unitErrors,
      unitSlow: thresholds.map(() => binomial(random, units, slow)),
      newUnits: units,
    };
  };
  return {
    stable: side(all - canary, simulation.stableErrors, simulation.stableSlow ?? 0),
    canary: side(canary, simulation.canaryErrors, simulation.canarySlow ?? 0),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
