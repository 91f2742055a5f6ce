import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { RolloutStatus } from "../../src/core/status.ts";
import { giveCommand, listRollouts, readStatus } from "../../src/driver/room.ts";
import { closeService, splitterStatus, startRollout } from "../../src/driver/start.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import { says } from "../support/backend.ts";
import { sealsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { type Load, startLoad } from "../support/load.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const planText = `
name: shop
port: 8080
listen: 127.0.0.1:0
stable: shop:1
canary: shop:2
instances: 2
split: { unit: "header:x-user" }
steps:
  - setWeight: 30%
  - observe: 300ms
  - setWeight: 60%
  - analyse: 20s
metrics: [{ errors: { tolerance: 5% } }]
block: 200ms
drain: 5s
deadline: { policy: rollback }
`;

test("a good canary is promoted under load, no request is dropped, its instances become stable", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": says("two") });
  const load = loadOnceServing(state);
  const status = await startRollout({
    plan: parsePlan(planText, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  });
  expect(status.phase, status.why).toBe("completed");
  expect(status.verdict).toBe("safe");
  const { sent, results } = await (await load).stop();
  expect(results).toEqual({ "200": sent });
  const splitter = await splitterStatus(state, "shop");
  expect(splitter?.dropped).toBe(0);
  const running = await engine.running();
  expect(running.map((instance) => instance.id)).toEqual(status.canary.instances);
  expect(splitter?.sides.stable.backends).toEqual(running.map((i) => i.address(8080)));
  expect(splitter?.weight).toBe(0);
  expect(readStatus(state, "shop")).toEqual(status);
});

test("a bad canary is rolled back by itself, nothing is dropped", async () => {
  const { state, engine } = service({
    "shop:1": says("one"),
    "shop:2": (request, response) =>
      request.headers["x-user"] === undefined
        ? says("probe")(request, response)
        : says("broken", 500)(request, response),
  });
  const load = loadOnceServing(state);
  const status = await startRollout({
    plan: parsePlan(planText, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  });
  expect(status.phase).toBe("rolledBack");
  expect(status.verdict).toBe("harmful");
  expect(status.why).toMatch(/canary failed for \d+ of \d+ users/);
  const { sent, results } = await (await load).stop();
  expect((results["200"] ?? 0) + (results["500"] ?? 0)).toBe(sent);
  expect((await splitterStatus(state, "shop"))?.dropped).toBe(0);
  const running = await engine.running();
  expect(running.map((instance) => instance.id).sort()).toEqual(
    [...status.stable.instances].sort(),
  );
});

test("a canary that ends at once is rolled back with why", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": "ends" });
  const status = await startRollout({
    plan: parsePlan(planText, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  });
  expect(status.phase).toBe("rolledBack");
  expect(status.why).toMatch(/exit code 1; its last line: cannot open the configuration/);
});

test("without a seal nothing is started", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": says("two") });
  const start = startRollout({
    plan: parsePlan(planText, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1"),
    state,
  });
  await expect(start).rejects.toMatchObject({ code: "SEAL_MISSING" });
  expect(engine.started()).toEqual([]);
});

test("the operator promotes and aborts from outside; a command counts once", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": says("two") });
  const paused = planText
    .replace("- observe: 300ms", "- pause")
    .replace("tolerance: 5%", "tolerance: 0.01%");
  const start = (): Promise<RolloutStatus> =>
    startRollout({
      plan: parsePlan(paused, "plan.yaml"),
      engine,
      openSealed: sealsOf("shop:1", "shop:2"),
      state,
    });
  expect(() => giveCommand(state, "shop", { do: "abort" })).toThrowError(
    expect.objectContaining({ code: "ROLLOUT_UNKNOWN" }),
  );
  const rollout = start();
  await phase(state, "paused");
  giveCommand(state, "shop", { do: "promote", full: false });
  await phase(state, "analysing");
  expect(readStatus(state, "shop").weight).toBe(0.6);
  giveCommand(state, "shop", { do: "abort" });
  expect(await rollout).toMatchObject({ phase: "rolledBack", why: "the operator aborted" });
  expect(() => giveCommand(state, "shop", { do: "abort" })).toThrowError(
    expect.objectContaining({ code: "ROLLOUT_ENDED" }),
  );
  // The next rollout of this name begins anew, behind the same splitter, on the same stable instances.
  const stable = (await engine.running()).map((instance) => instance.id);
  const again = start();
  await phase(state, "paused");
  giveCommand(state, "shop", { do: "promote", full: true });
  const status = await again;
  expect(status).toMatchObject({ phase: "completed", why: "the operator promoted" });
  expect([...status.stable.instances].sort()).toEqual([...stable].sort());
});

test("an interrupted controller leaves everything; the next one goes on", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": says("two") });
  const aborter = new AbortController();
  const run = {
    plan: parsePlan(planText.replace("- observe: 300ms", "- pause"), "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  };
  const first = startRollout({ ...run, signal: aborter.signal });
  await phase(state, "paused");
  aborter.abort();
  await expect(first).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect((await splitterStatus(state, "shop"))?.weight).toBe(0.3);
  const other = parsePlan(planText, "plan.yaml");
  await expect(startRollout({ ...run, plan: other })).rejects.toMatchObject({
    code: "PLAN_INVALID",
  });
  giveCommand(state, "shop", { do: "abort" });
  expect(await startRollout(run)).toMatchObject({
    phase: "rolledBack",
    why: "the operator aborted",
  });
  expect(await engine.running()).toHaveLength(2);
});

test("a canary that is gone when the rollout is taken up, and does not come up again, is rolled back", async () => {
  let comesUp = true;
  const { state, engine } = service({
    "shop:1": says("one"),
    "shop:2": (request, response) => says("two", comesUp ? 200 : 503)(request, response),
  });
  const aborter = new AbortController();
  const plan = planText.replace("- observe: 300ms", "- pause");
  const run = {
    plan: parsePlan(`${plan}ready: { timeout: 400ms }\n`, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  };
  const first = startRollout({ ...run, signal: aborter.signal });
  await phase(state, "paused");
  aborter.abort();
  await expect(first).rejects.toMatchObject({ code: "INTERRUPTED" });
  comesUp = false;
  const { canary } = readStatus(state, "shop");
  for (const id of canary.instances) await (await engine.find(id))?.stop();
  const status = await startRollout(run);
  expect(status.phase).toBe("rolledBack");
  expect(status.why).toMatch(/did not come up again: CANARY_NOT_READY/);
  expect(await engine.running()).toHaveLength(2);
});

test("an abort while the canary starts", async () => {
  const { state, engine } = service({ "shop:1": says("one"), "shop:2": says("not yet", 503) });
  const rollout = startRollout({
    plan: parsePlan(planText, "plan.yaml"),
    engine,
    openSealed: sealsOf("shop:1", "shop:2"),
    state,
  });
  while (engine.started().length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  giveCommand(state, "shop", { do: "abort" });
  const status = await rollout;
  expect(status.phase).toBe("rolledBack");
  expect(status.why).toContain("the operator aborted");
  expect(await engine.running()).toHaveLength(2);
});

test("a name that the state directory cannot hold, a rollout that is not there", () => {
  for (const name of ["../up", "nothing"]) {
    expect(() => readStatus("/nonexistent", name)).toThrowError(
      expect.objectContaining({ code: "ROLLOUT_UNKNOWN" }),
    );
  }
});

async function phase(state: string, wanted: string): Promise<void> {
  for (;;) {
    const known = listRollouts(state).includes("shop");
    if (known && readStatus(state, "shop").phase === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function service(behaviours: Parameters<typeof testEngine>[0]): {
  readonly state: string;
  readonly engine: TestEngine;
} {
  const state = mkdtempSync(join(tmpdir(), "rollout-"));
  const engine = testEngine(behaviours);
  cleanUps.push(async () => {
    await closeService(state, "shop", engine);
    await engine.stopAll();
    rmSync(state, { recursive: true });
  });
  return { state, engine };
}

/** Users begin to ask when stable serves. */
async function loadOnceServing(state: string): Promise<Load> {
  for (;;) {
    const status = await splitterStatus(state, "shop");
    if (status !== undefined && status.sides.stable.backends.length > 0) {
      return startLoad(status.listen, { users: 60, clients: 8 });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
