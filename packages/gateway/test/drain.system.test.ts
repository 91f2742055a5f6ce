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
