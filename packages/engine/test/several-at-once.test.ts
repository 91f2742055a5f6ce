import { expect, it } from "vitest";
import { severalAtOnce } from "../src/host/several-at-once.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("gives results in the order of the items, never more at once than said", async () => {
  let running = 0;
  let most = 0;
  const results = await severalAtOnce([5, 1, 4, 2, 3], 2, async (turns) => {
    running += 1;
    most = Math.max(most, running);
    for (let left = turns; left > 0; left--) await turn();
    running -= 1;
    return turns * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

it("begins nothing after a failure, and rejects when what was under way has ended", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await turn();
    if (item === 1) throw new Error("one");
    await turn();
    ended.push(item);
  };
  await expect(severalAtOnce([1, 2, 3, 4], 2, work)).rejects.toThrow("one");
  expect([begun, ended]).toEqual([[1, 2], [2]]);
});
