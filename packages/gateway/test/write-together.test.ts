import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { writeTogether } from "../src/http/write-together.ts";

test("writes wait for the end of the turn, and keep their order", async () => {
  const written: number[] = [];
  for (const each of [1, 2, 3]) writeTogether(() => written.push(each));
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual([1, 2, 3]);
});

test("many do not wait for more, and what comes after them is written too", async () => {
  const written: number[] = [];
  for (let each = 0; each < 40; each++) writeTogether(() => written.push(each));
  expect(written.length).toBe(32);
  await turn();
  expect(written.length).toBe(40);
});

test("what a write leads to is written in its own time", async () => {
  const written: string[] = [];
  writeTogether(() => {
    written.push("first");
    writeTogether(() => written.push("second"));
  });
  await turn();
  expect(written).toEqual(["first"]);
  await turn();
  expect(written).toEqual(["first", "second"]);
});
