import { unreachable } from "@lithify/fault";
import { type JudgeState, judgeBlock, newJudge } from "../judge/judge.ts";
import type { Plan } from "../plan/plan.ts";
import type { Block, Side } from "../seams.ts";
import type { OperatorCommand, RolloutEvent } from "./event.ts";

/** A rollout, as the log tells it. Plain JSON: the same log gives the same state, byte for byte. */
export interface RolloutState {
  readonly plan: Plan;
  readonly digests: Readonly<Record<Side, string>>;
  readonly phase: Phase;
  /** Which part of the phase comes next. */
  readonly stage: Stage;
  /** Index into the plan's steps; -1 before the first. */
  readonly step: number;
  readonly stepSince: number;
  readonly startedAt: number;
  readonly weight: number;
  readonly instances: Readonly<Record<Side, readonly string[]>>;
  readonly requests: Readonly<Record<Side, number>>;
  readonly errors: Readonly<Record<Side, number>>;
  readonly judge: JudgeState;
  /** Requests that were cut because they did not end within the drain time. */
  readonly cut: number;
  readonly deadlinePassed: boolean;
  /** An operator's command that no decision has answered yet. */
  readonly command?: OperatorCommand;
  readonly why: string;
}

export type Phase =
  | "starting"
  | "progressing"
  | "paused"
  | "analysing"
  | "promoting"
  | "aborting"
  | "completed"
  | "rolledBack";

export type Stage =
  | "start-stable"
  | "start-canary"
  | "see-canary"
  | "steps"
  | "evacuate"
  | "shift-all"
  | "drain"
  | "adopt"
  | "stop"
  | "finish"
  | "ended";

/** The state of a whole log; undefined for an empty one. */
export function foldLog(events: readonly RolloutEvent[]): RolloutState | undefined {
  return events.reduce<RolloutState | undefined>((state, event) => fold(state, event), undefined);
}

/** The state after one more event. An event that does not fit the state changes nothing. */
export function fold(state: RolloutState | undefined, event: RolloutEvent): RolloutState {
  if (event.type === "started") return state ?? begun(event);
  if (state === undefined) throw new TypeError("the first event of a rollout must be `started`");
  switch (event.type) {
    case "resumed":
      return state;
    case "ready":
      return {
        ...state,
        instances: { ...state.instances, [event.side]: event.instances },
        stage: event.side === "stable" ? "start-canary" : "see-canary",
      };
    case "seen":
      return { ...state, stage: "steps", phase: "progressing", why: "the canary answers" };
    case "weightSet":
      return {
        ...state,
        weight: event.weight,
        stage: state.phase === "promoting" ? "drain" : state.stage,
        why: event.why,
      };
    case "stepEntered":
      return entered(state, event.step, event.at);
    case "block":
      return withBlock(state, event.counts);
    case "operator":
      return { ...state, command: event.command };
    case "promoting":
      return withoutCommand({ ...state, phase: "promoting", stage: "shift-all", why: event.why });
    case "aborting":
      return withoutCommand({ ...state, phase: "aborting", stage: "evacuate", why: event.why });
    case "deadline":
      return { ...state, deadlinePassed: true, why: event.why };
    case "evacuated":
      return { ...state, weight: 0, stage: "drain" };
    case "drained":
      return {
        ...state,
        cut: state.cut + event.left,
        stage: state.phase === "promoting" ? "adopt" : "stop",
      };
    case "adopted":
      return { ...state, weight: 0, stage: "stop" };
    case "stopped":
      return { ...state, stage: "finish" };
    case "completed":
      return { ...state, phase: "completed", stage: "ended", why: event.why };
    case "rolledBack":
      return { ...state, phase: "rolledBack", stage: "ended", why: event.why };
    default:
      return unreachable(event);
  }
}

function begun(event: Extract<RolloutEvent, { readonly type: "started" }>): RolloutState {
  const none = { stable: 0, canary: 0 };
  return {
    plan: event.plan,
    digests: { stable: event.stable, canary: event.canary },
    phase: "starting",
    stage: "start-stable",
    step: -1,
    stepSince: event.at,
    startedAt: event.at,
    weight: 0,
    instances: { stable: [], canary: [] },
    requests: none,
    errors: none,
    judge: newJudge(event.plan),
    cut: 0,
    deadlinePassed: false,
    why: "started",
  };
}

function entered(state: RolloutState, step: number, at: number): RolloutState {
  const kind = state.plan.steps[step]?.do ?? "analyse";
  const phase = kind === "pause" ? "paused" : kind === "analyse" ? "analysing" : "progressing";
  return { ...withoutCommand(state), step, stepSince: at, phase, deadlinePassed: false };
}

function withBlock(state: RolloutState, { stable, canary }: Block): RolloutState {
  return {
    ...state,
    requests: {
      stable: state.requests.stable + stable.requests,
      canary: state.requests.canary + canary.requests,
    },
    errors: {
      stable: state.errors.stable + stable.requestErrors,
      canary: state.errors.canary + canary.requestErrors,
    },
    // What comes after the decision is counted, no longer judged.
    judge:
      state.stage === "steps"
        ? judgeBlock(state.plan, state.judge, { stable, canary }, state.weight)
        : state.judge,
  };
}

function withoutCommand(state: RolloutState): RolloutState {
  const { command: _answered, ...rest } = state;
  return rest;
}
