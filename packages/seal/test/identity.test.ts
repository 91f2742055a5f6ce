import { isFault } from "@lithify/fault";
import { describe, expect, test } from "vitest";
import { resolveIdentities, resolveIdentity } from "../src/policy/resolve-identities.ts";
import { everything } from "./fixture.ts";

const accounts = {
  passwd: [
    "root:x:0:0:root:/root:/bin/sh",
    "drouter:x:101:0:gateway:/:/bin/sh",
    "web:x:33:33:web:/:/bin/sh",
    "1234:x:7:7:a number as a name:/:/bin/sh",
    "broken line",
    "",
  ].join("\n"),
  group: ["root:x:0:", "web:x:33:", "logs:x:44:web,drouter", "extra:x:45:web", ""].join("\n"),
};

/** as given => uid gid groups */
const cases: readonly (readonly [string, number, number, readonly number[]])[] = [
  ["drouter", 101, 0, [0, 44]],
  ["101", 101, 0, [0, 44]],
  ["drouter:0", 101, 0, [0]],
  ["drouter:logs", 101, 44, [44]],
  ["web", 33, 33, [33, 44, 45]],
  ["web:root", 33, 0, [0]],
  ["33:0", 33, 0, [0]],
  ["1000770000:0", 1000770000, 0, [0]],
  ["1000770000", 1000770000, 0, [0]],
  ["5:6", 5, 6, [6]],
  ["1234", 1234, 0, [0]],
  ["root", 0, 0, [0]],
  ["", 0, 0, [0]],
  [":44", 0, 44, [44]],
];

describe("resolveIdentity", () => {
  test.each(cases)("-u %j", (name, uid, gid, groups) => {
    const identity = resolveIdentity(name, accounts);
    expect([identity.uid, identity.gid, identity.groups]).toEqual([uid, gid, groups]);
    expect(identity.noNewPrivileges).toBe(true);
    expect(identity.capabilities.length > 0).toBe(uid === 0);
  });

  test.each(["nobody", "drouter:nogroup", "99999999999", "1:99999999999", "-1"])(
    "-u %j is refused",
    (name) => {
      const fault = thrown(() => resolveIdentity(name, accounts));
      expect(isFault(fault, "IDENTITY_UNKNOWN")).toBe(true);
    },
  );

  test("a misspelt user is guessed", () => {
    const fault = thrown(() => resolveIdentity("droutr", accounts));
    expect(isFault(fault) && fault.hint).toBe("Did you mean drouter?");
  });
});

test("resolveIdentities knows the image's own USER, and gives each name once", () => {
  const policy = { ...everything, identities: ["USER", "web", "5:0"], user: "web" };
  const names = resolveIdentities("drouter", policy, accounts, ["5:0", "6:0"]).map(
    (each) => each.name,
  );
  expect(names).toEqual(["drouter", "web", "5:0", "6:0"]);
  expect(resolveIdentities("", { ...everything, identities: ["USER"] }, accounts)[0]?.uid).toBe(0);
});

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
