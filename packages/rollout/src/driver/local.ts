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
  const seals = await openSeals(run);
  const record = recorder(run);
  const world = worldOf(run, seals);
  if (run.log.events.length === 0) {
    await world.splitter.configure({
      split: run.plan.split,
      thresholds: thresholdsOf(run.plan.metrics),
    });
    record({
      type: "started",
      plan: run.plan,
      stable: seals.stable.image.digest,
      canary: seals.canary.image.digest,
    });
  } else {
    record({ type: "resumed" });
    await interruptible(run, () => restore(world, record.state()));
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

type Seals = Readonly<Record<Side, SealedImage>>;

/** On resumption the digests of the log decide, not what the references name by now. */
async function openSeals({ plan, log, openSealed }: RolloutRun): Promise<Seals> {
  const begun = foldLog(log.events)?.digests;
  const [stable, canary] = await Promise.all([openSealed(plan.stable), openSealed(plan.canary)]);
  const same = (side: Side, sealed: SealedImage): void => {
    if (begun === undefined || begun[side] === sealed.image.digest) return;
    throw new Fault("PLAN_INVALID", `resume the rollout ${plan.name}`, {
      why: `${plan[side]} is no longer the ${side} image that the rollout began with`,
      values: { began: begun[side], now: sealed.image.digest },
      hint: "Name the image by the digest with which the rollout began, or abort it.",
    });
  };
  same("stable", stable);
  same("canary", canary);
  if (stable.image.digest === canary.image.digest) {
    throw new Fault("PLAN_INVALID", `start the rollout ${plan.name}`, {
      why: "stable and canary are the same image",
      values: { digest: stable.image.digest },
      hint: "Build and seal the change first.",
    });
  }
  return { stable, canary };
}

function worldOf(run: RolloutRun, seals: Seals): World {
  return {
    engine: run.engine,
    plan: run.plan,
    clock: run.clock,
    splitter: run.splitter,
    metrics: run.metrics ?? run.splitter,
    spec: async (side) => specOf(seals[side]),
    takeCommand: run.takeCommand ?? (() => undefined),
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  };
}

function specOf({ image, statement }: SealedImage): RunSpec {
  return { image, writable: statement.policy.writable };
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
