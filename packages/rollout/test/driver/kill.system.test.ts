import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { foldLog } from "../../src/core/state.ts";
import type { RolloutStatus } from "../../src/core/status.ts";
import { readStatus } from "../../src/driver/room.ts";
import { splitterStatus } from "../../src/driver/start.ts";
import { readEventLog } from "../../src/log/event-log.ts";
import { connectSplitter } from "../../src/splitter/remote.ts";
import { says, startBackend } from "../support/backend.ts";
import type { ControllerConfig } from "../support/controller.ts";
import { startLoad } from "../support/load.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const plan = `
name: shop
port: 8080
listen: 127.0.0.1:0
stable: shop:1
canary: shop:2
split: { unit: "header:x-user" }
steps: [{ setWeight: 30% }, { observe: 300ms }, { setWeight: 60% }, { analyse: 60s }]
metrics: [{ errors: { tolerance: 5% } }]
block: 100ms
drain: 5s
`;

test("controllers are killed one after the other; the splitter serves on, the last one finishes", async () => {
  const config = await world();
  const log = join(config.state, "rollouts", "shop", "events.jsonl");
  let load: ReturnType<typeof startLoad> | undefined;
  // Just after the start, in the first weight, and at points further on.
  for (const kill of [1, 3, 6, 9, 12]) {
    const controller = start(config);
    await grownTo(log, kill, controller);
    controller.kill("SIGKILL");
    await once(controller, "exit");
    const before = readEventLog(log);
    const splitter = await splitterStatus(config.state, "shop");
    // What a prefix of the log says is what the next controller begins with.
    expect(foldLog(before.events)?.phase).toBeDefined();
    if (load === undefined && splitter?.sides.stable.backends.length === 1) {
      load = startLoad(splitter.listen, { users: 60, clients: 4 });
    }
  }
  const last = start(config);
  let out = "";
  last.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  expect(await once(last, "exit")).toEqual([0, null]);
  const status = JSON.parse(out) as RolloutStatus;
  expect(status.phase).toBe("completed");
  expect(readStatus(config.state, "shop")).toEqual(status);
  expect(status.events.filter((event) => event.type === "resumed").length).toBeGreaterThan(2);
  const done = await load?.stop();
  expect(done?.results).toEqual({ "200": done?.sent });
  expect((await splitterStatus(config.state, "shop"))?.dropped).toBe(0);
  expect(JSON.parse(readFileSync(config.running, "utf8"))).toEqual(["shop:2"]);
});

test("two controllers do not drive one rollout", async () => {
  const config = await world();
  const first = start(config);
  await grownTo(join(config.state, "rollouts", "shop", "events.jsonl"), 2, first);
  const second = start(config);
  let error = "";
  second.stderr?.on("data", (chunk) => {
    error += chunk;
  });
  const [code] = (await once(second, "exit")) as [number];
  expect(code).not.toBe(0);
  expect(error).toContain("ROLLOUT_BUSY");
  first.kill("SIGKILL");
  await once(first, "exit");
});

async function world(): Promise<ControllerConfig> {
  const state = mkdtempSync(join(tmpdir(), "rollout-kill-"));
  const running = join(state, "running.json");
  writeFileSync(running, "[]");
  const one = await startBackend(says("one"));
  const two = await startBackend(says("two"));
  cleanUps.push(async () => {
    const splitter = await connectSplitter(join(state, "rollouts", "shop", "splitter.sock"));
    await splitter?.close();
    await one.stop();
    await two.stop();
    rmSync(state, { recursive: true });
  });
  return { state, plan, running, ports: { "shop:1": one.port, "shop:2": two.port } };
}

function start(config: ControllerConfig): ChildProcess {
  const script = join(import.meta.dirname, "..", "support", "controller.ts");
  return spawn(process.execPath, [script, JSON.stringify(config)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Waits until the log has that many events, or the controller has ended. */
async function grownTo(log: string, events: number, controller: ChildProcess): Promise<void> {
  const count = (): number => (existsSync(log) ? readEventLog(log).events.length : 0);
  while (count() < events && controller.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
