import type { RunSpec } from "@lithify/engine";
import { Fault, isFault, unreachable } from "@lithify/fault";
import { parseDigest } from "@lithify/oci";
import type { Intent } from "../core/decide.ts";
import type { Happening, OperatorCommand } from "../core/event.ts";
import type { RolloutState } from "../core/state.ts";
import type { Backend, MetricSource, Side } from "../seams.ts";
import type { Splitter } from "../splitter/splitter.ts";
import {
  addressesOf,
  ensureInstances,
  get,
  type InstanceWorld,
  runningInstances,
  stopInstances,
} from "./instances.ts";

/** Everything the local driver acts on. */
export interface World extends InstanceWorld {
  readonly splitter: Splitter;
  readonly metrics: MetricSource;
  /** How to run a side's image; its seal has been verified. */
  readonly spec: (side: Side) => Promise<RunSpec>;
  /** The next operator's command, when there is one. */
  readonly takeCommand: () => OperatorCommand | undefined;
}

/** How often a sleeping driver looks for commands. */
const commandPollMs = 100;
/** How long nothing new must have reached the canary before it counts as evacuated. */
const quietMs = 200;

/** Carries out one intent and tells what happened. It may have been carried out before, in full or in part. */
export async function carryOut(
  world: World,
  state: RolloutState,
  intent: Intent,
): Promise<readonly Happening[]> {
  const { splitter } = world;
  switch (intent.do) {
    case "start":
      return [await start(world, state, intent.side)];
    case "see":
      await see(world, state);
      return [{ type: "seen" }];
    case "shift": {
      const block = await blockOf(world);
      await splitter.setWeight(intent.weight);
      return [block, { type: "weightSet", weight: intent.weight, why: intent.why }];
    }
    case "observe":
      return observe(world, intent.milliseconds);
    case "evacuate": {
      const block = await blockOf(world);
      await splitter.setWeight(0);
      await splitter.setBackends("canary", []);
      await untilQuiet(world);
      return [block, { type: "evacuated" }];
    }
    case "drain": {
      const { left } = await splitter.drain(intent.side, { deadlineMs: intent.milliseconds });
      return [{ type: "drained", side: intent.side, left }];
    }
    case "adopt": {
      const canary = (await splitter.status()).sides.canary.backends;
      const backends = canary.length > 0 ? canary : await addressesNow(world, state, "canary");
      // First the new stable set, then the weight: at no moment is a side without instances.
      await splitter.setBackends("stable", backends);
      await splitter.setWeight(0);
      await splitter.setBackends("canary", []);
      return [await blockOf(world), { type: "adopted" }];
    }
    case "stop":
      await stopInstances(world.engine, world.plan.name, state.digests[intent.side]);
      return [await blockOf(world), { type: "stopped", side: intent.side }];
    default:
      return unreachable(intent);
  }
}

/**
 * Makes the splitter what the log says it is: after a restart of the controller, of the splitter, of both.
 * A splitter that went on serving keeps its connections and counts. A canary that is gone and does not come
 * up again is what happened: it ends in `aborting`.
 */
export async function restore(world: World, state: RolloutState): Promise<readonly Happening[]> {
  if (state.stage === "ended") return [];
  const { splitter } = world;
  const adopted = state.phase === "promoting" && ["stop", "finish"].includes(state.stage);
  const evacuated = state.phase === "aborting" && state.stage !== "evacuate";
  const stable = adopted ? "canary" : "stable";
  if (state.instances[stable].length > 0) {
    const needed = { ...world, abortAsked: () => false };
    await splitter.setBackends("stable", await addressesNow(needed, state, stable));
  }
  const serves = state.instances.canary.length > 0 && !adopted && !evacuated;
  const canary = serves ? await canaryNow(world, state) : { backends: [], happened: [] };
  await splitter.setBackends("canary", canary.backends);
  await splitter.setWeight(state.weight);
  return canary.happened;
}

async function canaryNow(
  world: World,
  state: RolloutState,
): Promise<{ readonly backends: readonly Backend[]; readonly happened: readonly Happening[] }> {
  const { engine, plan } = world;
  // Who is about to be aborted is not started again.
  const leaves = state.phase === "aborting" || world.abortAsked();
  if (leaves) {
    const running = await runningInstances(engine, plan.name, state.digests.canary);
    return { backends: addressesOf(plan, running), happened: [] };
  }
  try {
    return { backends: await addressesNow(world, state, "canary"), happened: [] };
  } catch (error) {
    if (!isFault(error) || state.phase === "promoting") throw error;
    const why = `the canary did not come up again: ${error.code}: ${error.message}`;
    return { backends: [], happened: [{ type: "aborting", why }] };
  }
}

async function start(world: World, state: RolloutState, side: Side): Promise<Happening> {
  const digest = parseDigest(state.digests[side]);
  const instances = await ensureInstances(world, digest, () => world.spec(side));
  await world.splitter.setBackends(side, addressesOf(world.plan, instances));
  return { type: "ready", side, instances: instances.map((instance) => instance.id) };
}

async function addressesNow(
  world: World,
  state: RolloutState,
  side: Side,
): Promise<readonly Backend[]> {
  const digest = parseDigest(state.digests[side]);
  const instances = await ensureInstances(world, digest, () => world.spec(side));
  return addressesOf(world.plan, instances);
}

/** Every canary instance has answered a request that came in through the splitter's own listener. */
async function see(world: World, state: RolloutState): Promise<void> {
  const { plan, clock, splitter } = world;
  const { listen, probeToken, sides } = await splitter.status();
  const unseen = new Set(sides.canary.backends.map(({ host, port }) => `${host}:${port}`));
  const until = clock.now() + plan.ready.timeout;
  let last = "no answer";
  while (unseen.size > 0) {
    world.signal?.throwIfAborted();
    if (world.abortAsked()) throw unseenCanary(state, "the operator aborted");
    const probe = await get({
      ...listen,
      path: plan.ready.path,
      headers: { "Lithify-Probe": `${probeToken} canary` },
    });
    if (probe.answer === "answered" && probe.status < 500) {
      unseen.delete(String(probe.headers["lithify-backend"]));
    }
    last = probe.answer === "answered" ? `status ${probe.status}` : probe.why;
    if (unseen.size > 0 && clock.now() >= until) {
      const all = sides.canary.backends.length;
      throw unseenCanary(
        state,
        `${unseen.size} of ${all} instances did not answer through it (last: ${last})`,
      );
    }
    if (unseen.size > 0) await clock.sleep(50, world.signal);
  }
}

function unseenCanary(state: RolloutState, why: string): Fault {
  return new Fault("CANARY_NOT_READY", `the canary ${state.digests.canary} behind the splitter`, {
    why,
  });
}

async function observe(world: World, milliseconds: number): Promise<readonly Happening[]> {
  const until = world.clock.now() + milliseconds;
  for (;;) {
    const command = world.takeCommand();
    if (command !== undefined) return [await blockOf(world), { type: "operator", command }];
    const left = until - world.clock.now();
    if (left <= 0) return [await blockOf(world)];
    await world.clock.sleep(Math.min(left, commandPollMs), world.signal);
  }
}

async function blockOf(world: World): Promise<Happening> {
  return { type: "block", counts: await world.metrics.takeBlock() };
}

async function untilQuiet(world: World): Promise<void> {
  const arrived = async (): Promise<number> => (await world.splitter.status()).sides.canary.arrived;
  let before = await arrived();
  for (;;) {
    await world.clock.sleep(quietMs, world.signal);
    const now = await arrived();
    if (now === before) return;
    before = now;
  }
}
