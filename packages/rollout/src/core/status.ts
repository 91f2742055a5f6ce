import { type Evidence, evidenceOf, type Verdict, verdictOf } from "../judge/judge.ts";
import type { Side } from "../seams.ts";
import type { RolloutEvent } from "./event.ts";
import { foldLog, type Phase } from "./state.ts";

/** The document of `rollout status`. */
export interface RolloutStatus {
  readonly name: string;
  readonly phase: Phase;
  /** Step now, from 1; 0 before the first. */
  readonly step: number;
  readonly steps: number;
  readonly weight: number;
  readonly canary: SideStatus;
  readonly stable: SideStatus;
  readonly verdict: Verdict["answer"];
  readonly evidence: readonly Evidence[];
  /** Requests that were cut because they did not end within the drain time. */
  readonly cut: number;
  readonly why: string;
  readonly events: readonly RolloutEvent[];
}

export interface SideStatus {
  readonly digest: string;
  readonly requests: number;
  readonly errors: number;
  readonly instances: readonly string[];
}

/** What the log says, as a document; undefined for an empty log. */
export function statusOf(events: readonly RolloutEvent[]): RolloutStatus | undefined {
  const state = foldLog(events);
  if (state === undefined) return undefined;
  const side = (name: Side): SideStatus => ({
    digest: state.digests[name],
    requests: state.requests[name],
    errors: state.errors[name],
    instances: state.instances[name],
  });
  const verdict = verdictOf(state.plan, state.judge);
  return {
    name: state.plan.name,
    phase: state.phase,
    step: state.step + 1,
    steps: state.plan.steps.length,
    weight: state.weight,
    canary: side("canary"),
    stable: side("stable"),
    verdict: verdict.answer,
    evidence: evidenceOf(state.plan, state.judge),
    cut: state.cut,
    why: state.stage === "steps" ? verdict.why : state.why,
    events,
  };
}
