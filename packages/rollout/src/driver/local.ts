import type { Engine, RunSpec } from "@lithify/engine";
import { Fault, isFault } from "@lithify/fault";
import type { SealedImage } from "@lithify/seal";
import { decide } from "../core/decide.ts";
import type { Happening, OperatorCommand, RolloutEvent } from "../core/event.ts";
import { fold, foldLog, type RolloutState } from "../core/state.ts";
import { type RolloutStatus, statusOf } from "../core/status.ts";
import type { EventLog } from "../log/event-log.ts";
import { type Plan, thresholdsOf } from "../plan/plan.ts";
import type { Clock, MetricSource, Side } from "../seams.ts";
import type { Splitter } from "../splitter/splitter.ts";
import { carryOut, restore, type World } from "./carry-out.ts";

export interface RolloutRun {
  readonly plan: Plan;
  readonly engine: Engine;
  /** Opens a reference, or a digest of the store, and verifies its seal; throws when it does not hold. */
  readonly openSealed: (reference: string) => Promise<SealedImage>;
  readonly splitter: Splitter;
  /** Where the counts come from; the splitter when left out. */
  readonly metrics?: MetricSource;
  readonly clock: Clock;
  /** Empty for a new rollout; otherwise the rollout is taken up where the log ends. */
  readonly log: EventLog;
  /** Called for every event, after it is on the disk. */
  readonly onEvent?: (event: RolloutEvent, state: RolloutState) => void;
  /** The oldest command of the operator that is not in the log; called often. */
  readonly takeCommand?: () => OperatorCommand | undefined;
  /** Ends the driving, not the rollout: it can be taken up again. */
  readonly signal?: AbortSignal;
}

/**
 * Drives a rollout to its end: promoted (`completed`) or `rolledBack`, both with why. A canary that does not
 * start or does not answer is rolled back. Throws only what leaves the rollout where it is, to be resumed:
 * a seal that does not hold (before anything starts), a splitter that is gone, an aborted signal (INTERRUPTED).
 */
export async function runRollout(run: RolloutRun): Promise<RolloutStatus> {
  const record = recorder(run);
  const begun = foldLog(run.log.events);
  const world = worldOf(run);
  if (begun === undefined) record(await begin(run));
  else {
    checkPlan(run.plan, begun.plan);
    record({ type: "resumed" });
    const happened = await interruptible(run, () => restore(world, record.state()));
    for (const happening of happened) record(happening);
  }
  for (;;) {
    if (record.state().phase === "starting") {
      const command = world.takeCommand();
      if (command !== undefined) record({ type: "operator", command });
    }
    const decision = decide(record.state(), { now: run.clock.now() });
    for (const event of decision.events) record(event);
    const intent = decision.intents[0];
    if (intent === undefined) break;
    const happened = await interruptible(run, () => attempt(world, record.state(), intent));
    for (const happening of happened) record(happening);
  }
  return statusOf(run.log.events) as RolloutStatus;
}

/** Both seals hold, and they are two: nothing has been started before that is known. */
async function begin({ plan, openSealed, splitter }: RolloutRun): Promise<Happening> {
  const [stable, canary] = await Promise.all([openSealed(plan.stable), openSealed(plan.canary)]);
  if (stable.image.digest === canary.image.digest) {
    throw new Fault("PLAN_INVALID", `start the rollout ${plan.name}`, {
      why: "stable and canary are the same image",
      values: { digest: stable.image.digest },
      hint: "Build and seal the change first.",
    });
  }
  await splitter.configure({ split: plan.split, thresholds: thresholdsOf(plan.metrics) });
  return {
    type: "started",
    plan,
    stable: stable.image.digest,
    canary: canary.image.digest,
  };
}

function checkPlan(given: Plan, begun: Plan): void {
  if (JSON.stringify(given) === JSON.stringify(begun)) return;
  throw new Fault("PLAN_INVALID", `resume the rollout ${begun.name}`, {
    why: "it is on its way with another plan",
    values: { stable: begun.stable, canary: begun.canary },
    hint: "Take it up with the plan it began with; `lithify rollout abort` beforehand makes that its end.",
  });
}

function worldOf(run: RolloutRun): World {
  const takeCommand = run.takeCommand ?? (() => undefined);
  return {
    engine: run.engine,
    plan: run.plan,
    clock: run.clock,
    splitter: run.splitter,
    metrics: run.metrics ?? run.splitter,
    spec: async (side) => specOf(run, side, foldLog(run.log.events)?.digests[side]),
    takeCommand,
    abortAsked: () => takeCommand()?.do === "abort",
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  };
}

/** Verifies the seal each time something is to be started. The log's digest decides, not what the name means by now. */
async function specOf(run: RolloutRun, side: Side, digest: string | undefined): Promise<RunSpec> {
  const { image, statement } = await run.openSealed(run.plan[side]);
  if (image.digest === digest) return { image, writable: statement.policy.writable };
  throw new Fault("PLAN_INVALID", `start an instance of ${side} of ${run.plan.name}`, {
    why: `${run.plan[side]} is no longer the image that the rollout began with`,
    values: { began: String(digest), now: image.digest },
    hint: "Put the reference back to the digest with which the rollout began, or abort it.",
  });
}

interface Recorder {
  (happening: Happening | RolloutEvent): void;
  state(): RolloutState;
}

/** Logs an event, then folds it, then tells of it. */
function recorder(run: RolloutRun): Recorder {
  let state = foldLog(run.log.events);
  const record = (happening: Happening | RolloutEvent): void => {
    const event = { at: run.clock.now(), ...happening };
    run.log.append(event);
    state = fold(state, event);
    run.onEvent?.(event, state);
  };
  return Object.assign(record, { state: () => state as RolloutState });
}

const resumable: readonly string[] = ["SPLITTER_FAILED", "INTERRUPTED"];

/** A failure while the canary starts is an answer of the rollout; any other one leaves it to be resumed. */
async function attempt(
  world: World,
  state: RolloutState,
  intent: Parameters<typeof carryOut>[2],
): Promise<readonly Happening[]> {
  try {
    return await carryOut(world, state, intent);
  } catch (error) {
    const starting = intent.do === "start" || intent.do === "see";
    if (!isFault(error) || !starting || resumable.includes(error.code)) throw error;
    const side = intent.do === "start" ? intent.side : "canary";
    return [{ type: "aborting", why: `${side} did not start: ${error.code}: ${error.message}` }];
  }
}

async function interruptible<T>(run: RolloutRun, work: () => Promise<T>): Promise<T> {
  try {
    run.signal?.throwIfAborted();
    return await work();
  } catch (error) {
    if (run.signal?.aborted !== true) throw error;
    throw new Fault("INTERRUPTED", `the rollout ${run.plan.name} is no longer driven`, {
      why: "its command was interrupted; traffic stays as it is",
      hint: "Take it up again with `lithify rollout start`, or end it with `lithify rollout abort`.",
      cause: error,
    });
  }
}
