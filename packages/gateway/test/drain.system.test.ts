import { expect, test } from "vitest";
import { endProgram, startProgram } from "./support/gateway-program.ts";
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
