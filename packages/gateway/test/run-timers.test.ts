import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { longestTimers, RunTimers } from "../src/script/run-timers.ts";
import { type Job, Run } from "../src/script/script-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A run whose jobs are done at once. */
function running(late: () => void): { run: Run; timers: RunTimers } {
  const enqueue = ({ run, action }: Job): void => {
    action();
    run.pending--;
  };
  const run = new Run({ done: () => {}, failed: () => {} }, false, enqueue);
  const timers = new RunTimers(run, late);
  run.timers = timers;
  return { run, timers };
}

test("an interval that nobody stops ends its run, and nothing of it is left", () => {
  let ticks = 0;
  const { run, timers } = running(() => run.close());
  timers.start(() => ticks++, 1000, true);
  vi.advanceTimersByTime(longestTimers);
  expect(run.over).toBe(true);
  expect(ticks).toBeGreaterThan(100);
  expect(vi.getTimerCount()).toBe(0);
});

test("a timer that is due later than that does not fire", () => {
  let [fired, late] = [0, 0];
  const { timers } = running(() => late++);
  timers.start(() => fired++, longestTimers * 2, false);
  vi.advanceTimersByTime(longestTimers);
  expect([fired, late]).toEqual([0, 1]);
});

test("a run waits for what is left of its timers", () => {
  const { run, timers } = running(() => {});
  const first = timers.start(() => {}, 10, false);
  timers.start(() => {}, 20, false);
  expect(run.pending).toBe(3);
  timers.stop(first);
  timers.stop(first);
  expect(run.pending).toBe(2);
  vi.advanceTimersByTime(20);
  expect(run.pending).toBe(1);
  run.close();
  expect(vi.getTimerCount()).toBe(0);
});
