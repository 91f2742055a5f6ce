import { expect, test } from "vitest";
import { shared } from "../src/store/shared-work.ts";

/** Work that ends when it is told to. */
function held() {
  const runs: { readonly name: string; end: () => void; fail: (error: Error) => void }[] = [];
  const run = shared(
    (name) =>
      new Promise<void>((resolve, reject) => runs.push({ name, end: resolve, fail: reject })),
  );
  return { runs, run };
}

test("who calls while it runs shares the next run, which begins afterwards", async () => {
  const { runs, run } = held();
  const first = run("a");
  const later = [run("a"), run("a"), run("a")];
  expect(runs).toHaveLength(1);
  runs[0]?.end();
  await first;
  await new Promise(setImmediate);
  expect(runs).toHaveLength(2);
  const last = run("a");
  expect(last).not.toBe(later[0]);
  runs[1]?.end();
  await Promise.all(later);
  await new Promise(setImmediate);
  expect(runs).toHaveLength(3);
  runs[2]?.end();
  await last;
});

test("another name does not wait", () => {
  const { runs, run } = held();
  void run("a");
  void run("b");
  expect(runs.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("a failure is told to those who called before the run, and to nobody else", async () => {
  const { runs, run } = held();
  const first = run("a");
  const second = run("a");
  runs[0]?.fail(new Error("the disk"));
  await expect(first).rejects.toThrow("the disk");
  await new Promise(setImmediate);
  runs[1]?.end();
  await expect(second).resolves.toBeUndefined();
});
