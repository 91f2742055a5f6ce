import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ScriptStore } from "../src/script/script-store.ts";
import { treeOf } from "./support/tree.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("a file is compiled once for each content, and looked at again once a second", () => {
  using tree = treeOf({ "local/d/a.js": "one" });
  const file = join(tree.root, "local/d/a.js");
  const compiled: string[] = [];
  const store = new ScriptStore(tree.root, (source) => {
    compiled.push(source);
    return () => source;
  });
  const load = (): void => void store.load(file, "local:///a.js");
  load();
  writeFileSync(file, "two");
  load();
  expect(compiled).toEqual(["one"]);
  vi.advanceTimersByTime(1001);
  load();
  expect(compiled).toEqual(["one", "two"]);
  utimesSync(file, 1, 1);
  vi.advanceTimersByTime(1001);
  load();
  expect(compiled).toEqual(["one", "two"]);
});
