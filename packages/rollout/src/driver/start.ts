import type { Engine } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import type { SealedImage } from "@lithify/seal";
import type { RolloutEvent } from "../core/event.ts";
import type { RolloutState } from "../core/state.ts";
import type { RolloutStatus } from "../core/status.ts";
import { openEventLog } from "../log/event-log.ts";
import { type Plan, thresholdsOf } from "../plan/plan.ts";
import type { Clock } from "../seams.ts";
import { openDetachedSplitter } from "../splitter/detached.ts";
import { connectSplitter, type RemoteSplitter } from "../splitter/remote.ts";
import type { SplitterStatus } from "../splitter/splitter.ts";
import { systemClock } from "./clock.ts";
import { stopInstances } from "./instances.ts";
import { runRollout } from "./local.ts";
import { lockRoom } from "./lock.ts";
import { makeRoom, nextCommand, roomOf, rotateEndedLog } from "./room.ts";

export interface RolloutStart {
  readonly plan: Plan;
  readonly engine: Engine;
  /** As in runRollout: throws when the seal does not hold. */
  readonly openSealed: (reference: string) => Promise<SealedImage>;
  /** Where rollouts live: `stateDirectory(env)`. */
  readonly state: string;
  readonly clock?: Clock;
  readonly onEvent?: (event: RolloutEvent, state: RolloutState) => void;
  readonly signal?: AbortSignal;
}

/**
 * Drives a rollout on this machine, to its end. A rollout of this name that was left on its way is taken up
 * again; the splitter serves in a process of its own and goes on when this one ends.
 * @throws Fault ROLLOUT_BUSY, SPLITTER_LISTEN, SPLITTER_FAILED, and as runRollout
 */
export async function startRollout(start: RolloutStart): Promise<RolloutStatus> {
  const { plan } = start;
  const room = makeRoom(start.state, plan.name);
  const unlock = lockRoom(room);
  try {
    rotateEndedLog(room);
    const log = openEventLog(room.logFile);
    const config = { split: plan.split, thresholds: thresholdsOf(plan.metrics) };
    const { splitter, started } = await openDetachedSplitter(room.directory, {
      socket: room.socket,
      listen: plan.listen,
      config,
    });
    try {
      await checkListen(splitter, plan);
      return await runRollout({
        ...start,
        splitter,
        log,
        clock: start.clock ?? systemClock,
        takeCommand: () => nextCommand(room, log.events),
      });
    } finally {
      // What never began leaves no splitter that `rollout status` would not show.
      if (started && log.events.length === 0) await splitter.close();
      else splitter.disconnect();
      log.close();
    }
  } finally {
    unlock();
  }
}

/** A splitter that serves already keeps its address. */
async function checkListen(splitter: RemoteSplitter, plan: Plan): Promise<void> {
  const { host, port } = (await splitter.status()).listen;
  if (plan.listen.port === 0 || (plan.listen.port === port && plan.listen.host === host)) return;
  throw new Fault("SPLITTER_LISTEN", `listen on ${plan.listen.host}:${plan.listen.port}`, {
    why: `the splitter of ${plan.name} already serves on ${host}:${port}`,
    hint: "Keep its address in the plan, or end the service first.",
    values: { host, port },
  });
}

/** What the splitter of a rollout says; undefined when it does not run. */
export async function splitterStatus(
  state: string,
  name: string,
): Promise<SplitterStatus | undefined> {
  const splitter = await connectSplitter(roomOf(state, name).socket);
  if (splitter === undefined) return undefined;
  try {
    return await splitter.status();
  } finally {
    splitter.disconnect();
  }
}

/** Ends the splitter of a service and the instances of its rollouts. No controller may drive it. @throws Fault ROLLOUT_BUSY */
export async function closeService(
  state: string,
  name: string,
  engine: Engine,
): Promise<{ readonly stopped: number }> {
  const unlock = lockRoom(makeRoom(state, name));
  try {
    const splitter = await connectSplitter(roomOf(state, name).socket);
    await splitter?.close();
    return { stopped: await stopInstances(engine, name) };
  } finally {
    unlock();
  }
}
