import { request } from "node:http";
import type { Engine, Instance, RunSpec } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import type { Digest } from "@lithify/oci";
import type { Plan } from "../plan/plan.ts";
import type { Backend, Clock } from "../seams.ts";

/** The label that ties an instance to its rollout; together with the image's digest it is the side. */
export const rolloutLabel = "lithify.rollout";

export interface InstanceWorld {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** True when the operator waits for an abort. */
  readonly abortAsked: () => boolean;
}

/** The rollout's running instances, of one digest when it is given; oldest first. */
export async function runningInstances(
  engine: Engine,
  rollout: string,
  digest?: string,
): Promise<readonly Instance[]> {
  const ours = (await engine.list()).filter(
    (instance) =>
      instance.labels[rolloutLabel] === rollout &&
      (digest === undefined || instance.image === digest),
  );
  const states = await Promise.all(ours.map((instance) => instance.state()));
  return ours
    .filter((_, i) => states[i]?.answer === "running")
    .sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}

/**
 * As many instances of the digest as the plan wants, all answering; those that run already are taken.
 * @throws Fault CANARY_NOT_READY, and what the engine throws
 */
export async function ensureInstances(
  world: InstanceWorld,
  digest: Digest,
  spec: () => Promise<RunSpec>,
): Promise<readonly Instance[]> {
  const instances = [...(await runningInstances(world.engine, world.plan.name, digest))];
  while (instances.length < world.plan.instances) {
    const base = await spec();
    instances.push(
      await world.engine.run(
        { ...base, labels: { ...base.labels, [rolloutLabel]: world.plan.name } },
        world.signal === undefined ? {} : { signal: world.signal },
      ),
    );
  }
  for (const instance of instances) await untilReady(world, instance);
  return instances;
}

/** Stops them and tells how many there were. */
export async function stopInstances(
  engine: Engine,
  rollout: string,
  digest?: string,
): Promise<number> {
  const instances = await runningInstances(engine, rollout, digest);
  await Promise.all(instances.map((instance) => instance.stop()));
  return instances.length;
}

export function addressesOf(plan: Plan, instances: readonly Instance[]): readonly Backend[] {
  return instances.map((instance) => instance.address(plan.port));
}

async function untilReady(world: InstanceWorld, instance: Instance): Promise<void> {
  const { plan, clock } = world;
  const until = clock.now() + plan.ready.timeout;
  const address = instance.address(plan.port);
  let last = "no answer";
  while (clock.now() < until) {
    world.signal?.throwIfAborted();
    if (world.abortAsked()) throw notReady(instance, "the operator aborted", "");
    const state = await instance.state();
    if (state.answer === "ended") {
      throw notReady(instance, `it ended with exit code ${state.exitCode}`, await tail(instance));
    }
    const probe = await get({ ...address, path: plan.ready.path });
    if (probe.answer === "answered" && probe.status < 500) return;
    last = probe.answer === "answered" ? `status ${probe.status}` : probe.why;
    await clock.sleep(100, world.signal);
  }
  throw notReady(
    instance,
    `GET ${plan.ready.path} on port ${plan.port} got ${last} for ${plan.ready.timeout / 1000} s`,
    await tail(instance),
  );
}

export type Probe =
  | {
      readonly answer: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    }
  | { readonly answer: "failed"; readonly why: string };

/** One GET on a connection of its own; the body is thrown away. */
export function get(target: {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<Probe> {
  return new Promise((resolve) => {
    const sent = request(
      { ...target, headers: target.headers ?? {}, agent: false, timeout: 5_000 },
      (answer) => {
        answer.resume();
        answer.on("error", () => {});
        resolve({ answer: "answered", status: answer.statusCode ?? 0, headers: answer.headers });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer within 5 s")));
    sent.on("error", (error) => resolve({ answer: "failed", why: error.message }));
    sent.end();
  });
}

function notReady(instance: Instance, why: string, log: string): Fault {
  return new Fault("CANARY_NOT_READY", `instance ${instance.name} of ${instance.image}`, {
    why: log === "" ? why : `${why}; its last line: ${log}`,
  });
}

async function tail(instance: Instance): Promise<string> {
  let text = "";
  try {
    for await (const chunk of instance.logs()) text = (text + chunk).slice(-2_000);
  } catch {
    // The log is a courtesy; without it the fault still says what happened.
  }
  return text.trim().split("\n").at(-1) ?? "";
}
