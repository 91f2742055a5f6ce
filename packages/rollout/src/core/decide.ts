import { unreachable } from "@lithify/fault";
import { type Verdict, verdictOf } from "../judge/judge.ts";
import type { Step } from "../plan/plan.ts";
import type { Side } from "../seams.ts";
import type { Happening, RolloutEvent } from "./event.ts";
import { fold, type RolloutState } from "./state.ts";

/** What a driver is to do next. Each may be carried out again after a crash; its event ends it. */
export type Intent =
  /** Run the side's instances and wait until they answer; ends in `ready`. */
  | { readonly do: "start"; readonly side: Side }
  /** See the canary answer through the splitter; ends in `seen`. */
  | { readonly do: "see" }
  /** Take a last block at the old weight, then set the new one; ends in `weightSet`. */
  | { readonly do: "shift"; readonly weight: number; readonly why: string }
  /** Let traffic flow, then take a block; ends in `block` or in an operator's command. */
  | { readonly do: "observe"; readonly milliseconds: number }
  /** Weight 0, then watch that nothing new reaches the canary; ends in `evacuated`. */
  | { readonly do: "evacuate" }
  | { readonly do: "drain"; readonly side: Side; readonly milliseconds: number }
  /** Give the canary's instances to the stable side, empty the canary side, weight 0; ends in `adopted`. */
  | { readonly do: "adopt" }
  /** `stable` means: the instances that were stable when the rollout started. */
  | { readonly do: "stop"; readonly side: Side };

/** What the core needs to know of the world. */
export interface Facts {
  readonly now: number;
}

export interface Decision {
  /** The state with `events` folded in. */
  readonly state: RolloutState;
  /** What was decided; to be logged before the intents are carried out. */
  readonly events: readonly RolloutEvent[];
  /** At most one; none when the rollout has ended. */
  readonly intents: readonly Intent[];
  readonly why: string;
}

/** The next thing to do. Pure: the same state and facts give the same decision. */
export function decide(state: RolloutState, facts: Facts): Decision {
  let now = state;
  const events: RolloutEvent[] = [];
  for (;;) {
    const next = nextMove(now, facts);
    if ("intent" in next) return { state: now, events, intents: [next.intent], why: next.why };
    if ("end" in next) return { state: now, events, intents: [], why: now.why };
    const event = { at: facts.now, ...next.event };
    events.push(event);
    now = fold(now, event);
  }
}

/** An intent to carry out, or a decision to record before looking again, or the end. */
type Move =
  | { readonly intent: Intent; readonly why: string }
  | { readonly event: Happening }
  | { readonly end: true };

function nextMove(state: RolloutState, facts: Facts): Move {
  switch (state.stage) {
    case "start-stable":
      return earlyAbort(state) ?? go({ do: "start", side: "stable" }, "start stable");
    case "start-canary":
      return earlyAbort(state) ?? go({ do: "start", side: "canary" }, "start the canary");
    case "see-canary":
      return earlyAbort(state) ?? go({ do: "see" }, "see the canary through the splitter");
    case "steps":
      return inSteps(state, facts);
    case "evacuate":
      return go({ do: "evacuate" }, state.why);
    case "shift-all":
      return go({ do: "shift", weight: 1, why: state.why }, state.why);
    case "drain": {
      const side = state.phase === "promoting" ? "stable" : "canary";
      return go({ do: "drain", side, milliseconds: state.plan.drain }, state.why);
    }
    case "adopt":
      return go({ do: "adopt" }, state.why);
    case "stop":
      return go({ do: "stop", side: state.phase === "promoting" ? "stable" : "canary" }, state.why);
    case "finish":
      return {
        event: {
          type: state.phase === "promoting" ? "completed" : "rolledBack",
          why: state.why,
        },
      };
    case "ended":
      return { end: true };
    default:
      return unreachable(state.stage);
  }
}

function earlyAbort(state: RolloutState): Move | undefined {
  if (state.command?.do !== "abort") return undefined;
  return { event: { type: "aborting", why: "the operator aborted" } };
}

function inSteps(state: RolloutState, facts: Facts): Move {
  const verdict = verdictOf(state.plan, state.judge);
  if (state.command?.do === "abort") return abort("the operator aborted");
  if (verdict.answer === "harmful" || verdict.answer === "split-broken") return abort(verdict.why);
  const step = state.plan.steps[state.step];
  if (state.command?.do === "promote") {
    const ends = step?.do === "pause" && !state.command.full;
    return ends ? enter(state.step + 1) : promote("the operator promoted");
  }
  if (state.step < 0) return enter(0);
  // After the last step only the verdict promotes.
  if (step === undefined) return analyse(state, facts, verdict, state.plan.deadline.after);
  return inStep(state, facts, verdict, step);
}

function inStep(state: RolloutState, facts: Facts, verdict: Verdict, step: Step): Move {
  const elapsed = facts.now - state.stepSince;
  switch (step.do) {
    case "setWeight":
      if (state.weight === step.weight) return enter(state.step + 1);
      return go(
        { do: "shift", weight: step.weight, why: `step ${state.step + 1} of the plan` },
        `set the weight to ${step.weight}`,
      );
    case "observe":
      if (elapsed >= step.for) return enter(state.step + 1);
      return observe(Math.min(state.plan.block, step.for - elapsed), verdict.why);
    case "analyse":
      return analyse(state, facts, verdict, step.atMost);
    case "pause":
      return observe(state.plan.block, "paused until the operator promotes or aborts");
    default:
      return unreachable(step);
  }
}

function analyse(state: RolloutState, facts: Facts, verdict: Verdict, atMost: number): Move {
  const { policy } = state.plan.deadline;
  const last = state.step >= state.plan.steps.length - 1;
  const asks = state.deadlinePassed && policy === "ask";
  if (verdict.answer === "safe" && !asks) {
    return last ? promote(verdict.why) : enter(state.step + 1);
  }
  const elapsed = facts.now - state.stepSince;
  if (elapsed < atMost) {
    return observe(Math.min(state.plan.block, atMost - elapsed), verdict.why);
  }
  const why = `insufficient evidence after ${Math.round(elapsed / 1000)} s: ${verdict.why}`;
  if (policy === "rollback") return abort(why);
  if (!state.deadlinePassed) return { event: { type: "deadline", why } };
  const waits = asks ? "the operator decides" : "hold and go on judging";
  return observe(state.plan.block, `${waits}: ${verdict.why}`);
}

function go(intent: Intent, why: string): Move {
  return { intent, why };
}

function observe(milliseconds: number, why: string): Move {
  return { intent: { do: "observe", milliseconds: Math.max(1, milliseconds) }, why };
}

function enter(step: number): Move {
  return { event: { type: "stepEntered", step } };
}

function promote(why: string): Move {
  return { event: { type: "promoting", why } };
}

function abort(why: string): Move {
  return { event: { type: "aborting", why } };
}
