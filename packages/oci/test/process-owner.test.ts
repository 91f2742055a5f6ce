import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { stateOfOwner, thisProcess } from "../src/store/process-owner.ts";

const [pid = "", start = "", scope = ""] = thisProcess.split("-");

test("a process is known by more than its id", () => {
  const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
  expect(stateOfOwner(thisProcess)).toBe("alive");
  expect(stateOfOwner(`${dead}-${start}-${scope}`)).toBe("gone");
  // The id of a living process, of which the owner is not the one
  expect(stateOfOwner(`${pid}-${Number(start) - 1}-${scope}`)).toBe("gone");
  expect(stateOfOwner(`${pid}-${start}-otherboot.1`)).toBe("unknowable");
  for (const text of ["", "x", "0-1", `-1-${start}-${scope}`, `1.5-${start}-${scope}`]) {
    expect(stateOfOwner(text)).toBe("unknowable");
  }
});
