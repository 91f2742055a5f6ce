import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RolloutEvent } from "../../src/core/event.ts";
import { foldLog } from "../../src/core/state.ts";
import { openEventLog, readEventLog } from "../../src/log/event-log.ts";
import { parsePlan } from "../../src/plan/parse.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "event-log-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const plan = parsePlan("{name: shop, port: 80, stable: 'ü:1', canary: 'shop:2'}", "plan.json");
const events: readonly RolloutEvent[] = [
  { at: 1, type: "started", plan, stable: "sha256:a", canary: "sha256:b" },
  { at: 2, type: "ready", side: "stable", instances: ["é"] },
  { at: 3, type: "ready", side: "canary", instances: ["two"] },
  { at: 4, type: "seen" },
  { at: 5, type: "stepEntered", step: 0 },
  { at: 6, type: "weightSet", weight: 0.05, why: "step 1" },
];

test("cut at every byte: the whole events before the cut are there, the log goes on from them", () => {
  const file = join(directory, "cut.jsonl");
  const whole = writeAll(file);
  for (let at = 0; at <= whole.length; at++) {
    writeFileSync(file, whole.subarray(0, at));
    const complete = whole.subarray(0, at).toString("latin1").split("\n").length - 1;
    const log = openEventLog(file);
    expect(log.events).toEqual(events.slice(0, complete));
    expect(foldLog(log.events)).toEqual(foldLog(events.slice(0, complete)));
    expect(log.tornBytes).toBe(at - (whole.subarray(0, at).lastIndexOf(0x0a) + 1));
    for (const event of events.slice(complete)) log.append(event);
    log.close();
    expect(readFileSync(file)).toEqual(whole);
  }
});

test("reading leaves a torn line where it is", () => {
  const file = join(directory, "torn.jsonl");
  const whole = writeAll(file);
  appendFileSync(file, '{"at":7,"ty');
  expect(readEventLog(file)).toEqual({ events, goodBytes: whole.length, tornBytes: 11 });
  expect(readFileSync(file).length).toBe(whole.length + 11);
});

test.each([
  ["a line that is no JSON", "{{{\n", 7],
  ["a line that is no event", '{"at":7}\n', 7],
  ["an event with no time", '{"type":"seen"}\n', 7],
])("%s is a fault with its place", (_, line, number) => {
  const file = join(directory, "bad.jsonl");
  writeAll(file);
  appendFileSync(file, line);
  expect(() => openEventLog(file)).toThrowError(
    expect.objectContaining({ code: "ROLLOUT_LOG_INVALID", place: { file, line: number } }),
  );
});

test("a directory that cannot be written is a fault", () => {
  expect(() => openEventLog(join(directory, "missing", "log"))).toThrowError(
    expect.objectContaining({ code: "ROLLOUT_STATE_UNWRITABLE" }),
  );
});

test("a log that does not begin with `started` is a fault", () => {
  const file = join(directory, "headless.jsonl");
  writeFileSync(file, '{"at":1,"type":"seen"}\n');
  expect(() => readEventLog(file)).toThrowError(
    expect.objectContaining({ code: "ROLLOUT_LOG_INVALID" }),
  );
});

function writeAll(file: string): Buffer {
  rmSync(file, { force: true });
  const log = openEventLog(file);
  for (const event of events) log.append(event);
  log.close();
  return readFileSync(file);
}
