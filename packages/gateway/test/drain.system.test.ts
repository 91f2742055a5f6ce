import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endProgram, startProgram, waitForPort } from "./support/gateway-program.ts";
import { managedTree } from "./support/managed-tree.ts";
import { SteadyLoad } from "./support/steady-load.ts";

test.each(["1", "2"])(
  "SIGTERM under load, with %s processes: every request that was taken is answered",
  async (processes) => {
    using tree = await managedTree();
    const child = await startProgram(tree.root, tree.port, {
      DATAPOWER_WORKER_THREADS: processes,
    });
    const load = new SteadyLoad(tree.port, 16);
    await expect.poll(() => load.answers, { timeout: 10_000 }).toBeGreaterThan(500);
    expect(await endProgram(child)).toBe(0);
    const report = await load.stop();
    expect([...report.others]).toEqual([]);
    expect(report.dropped).toBe(0);
  },
);

test("with a delay: not ready, and still served, until what sends requests has noticed", async () => {
  using tree = await managedTree();
  const child = await startProgram(tree.root, tree.port, {
    DATAPOWER_WORKER_THREADS: "2",
    GATEWAY_HEALTH_PORT: String(tree.health),
    GATEWAY_DRAIN_DELAY: "1500",
  });
  const ready = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${tree.health}/`)).status;
  await expect.poll(() => ready().catch(() => 0), { timeout: 10_000 }).toBe(200);
  const ended = endProgram(child);
  await expect.poll(ready).toBe(503);
  const answer = await fetch(`http://127.0.0.1:${tree.port}/still`);
  expect(await answer.text()).toContain("/still");
  expect(await ended).toBe(0);
});

test("a log that nobody reads holds up neither requests nor the end, and what is lost is counted", async () => {
  using tree = await managedTree();
  const main = join(import.meta.dirname, "../src/main.ts");
  const child = spawn(process.execPath, [main, tree.root], {
    env: {
      PATH: process.env.PATH,
      DATAPOWER_WORKER_THREADS: "1",
      GATEWAY_HEALTH_PORT: String(tree.health),
      GATEWAY_ACCESS_LOG: "json",
    },
    // read from by nobody
    stdio: ["ignore", "pipe", "inherit"],
  });
  await waitForPort(tree.port);
  const load = new SteadyLoad(tree.port, 16);
  const dropped = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${tree.health}/metrics`)).text();
    return Number(/lithify_gateway_log_dropped_total (\d+)/.exec(text)?.[1]);
  };
  await expect.poll(dropped, { timeout: 30_000, interval: 200 }).toBeGreaterThan(0);
  const report = await load.stop();
  expect(report).toMatchObject({ dropped: 0, refused: 0 });
  expect(await endProgram(child)).toBe(0);
});
