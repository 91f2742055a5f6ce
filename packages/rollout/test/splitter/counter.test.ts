import { expect, test } from "vitest";
import { cleanBlocks, newCounter } from "../../src/splitter/counter.ts";
import type { Route } from "../../src/splitter/unit.ts";

const user = (unit: number, side: Route["side"] = "canary"): Route => ({
  side,
  unit,
  returning: true,
});

test("requests and users by side; taking resets", () => {
  const counter = newCounter([100, 1000], true);
  for (const [unit, failed, milliseconds] of [
    [1, true, 5],
    [1, true, 150],
    [2, false, 1500],
    [3, false, 100],
  ] as const) {
    counter.arrive(user(unit));
    counter.end(user(unit), { failed, milliseconds });
  }
  counter.end({ side: "stable", returning: false }, { failed: true });
  const block = counter.takeBlock();
  expect(block.canary).toMatchObject({
    requests: 4,
    requestErrors: 2,
    units: 3,
    unitErrors: 1,
    unitSlow: [2, 1],
    newUnits: 3,
  });
  expect(block.stable).toMatchObject({ requests: 1, requestErrors: 1, units: 0, newUnits: 0 });
  expect(counter.takeBlock().canary).toMatchObject({ requests: 0, units: 0, newUnits: 0 });
});

test("a user who goes on failing is one onset, and a new one after enough clean blocks", () => {
  const counter = newCounter([], true);
  const block = (failed: boolean) => {
    counter.arrive(user(1));
    counter.end(user(1), { failed });
    return counter.takeBlock().canary.onsets?.[0];
  };
  expect(block(true)).toEqual({ units: 1, events: 1 });
  expect(block(true)).toEqual({ units: 0, events: 0 });
  for (let i = 0; i < cleanBlocks; i++) expect(block(false)).toEqual({ units: 0, events: 0 });
  expect(block(true)).toEqual({ units: 1, events: 1 });
});

test("new users are new once; those around a change of weight are left out", () => {
  const counter = newCounter([], true);
  counter.arrive(user(1));
  counter.arrive(user(2, "stable"));
  counter.weightChanged();
  counter.arrive(user(1));
  counter.arrive(user(3));
  counter.arrive({ ...user(4), returning: false });
  const block = counter.takeBlock();
  expect([block.stable.newUnits, block.canary.newUnits]).toEqual([0, 1]);
});
