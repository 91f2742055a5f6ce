import { readFileSync } from "node:fs";
import { Fault } from "@lithify/fault";
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../src/policy/parse.ts";
import { resolvePolicy } from "../src/policy/resolve.ts";
import { policySchemaDocument } from "../src/policy/schema.ts";
import { echoLayers, treeOf } from "./fixture.ts";

/** text => line:column, part of the reason, part of the hint */
const wrong: readonly (readonly [string, string, string, string])[] = [
  ["version: 1\nprotct: []", "2:1", "unknown key protct", "Did you mean protect?"],
  [
    "version: 1\nprotect:\n  - path: /a\n    mode: '0755'",
    "4:5",
    "unknown key mode",
    "Known keys: path",
  ],
  [
    "version: 1\nprotect:\n  - path: /a\n    directory: '0755'",
    "4:5",
    "unknown key directory",
    "Did you mean directories?",
  ],
  ["version: 2", "1:10", "version must be 1", ""],
  ["profile: generic", "1:1", "needs the key version", ""],
  ["version: 1\nprofile: datapwer", "2:10", "not one of", "Did you mean datapower?"],
  [
    "version: 1\nprotect:\n  - path: /a\n    files: 0644",
    "4:12",
    "must be a text",
    'Put it in quotes: "0644"',
  ],
  [
    "version: 1\nprotect:\n  - path: /a\n    files: '0664'",
    "4:12",
    "may be written",
    "0755 and 0644",
  ],
  ["version: 1\nprotect:\n  - path: a", "3:11", "has not the right form", "/drouter/config"],
  ["version: 1\nprotect: []", "2:10", "is empty", ""],
  ["version: 1\nprotect: /a", "2:10", "must be a list", ""],
  ["version: 1\nwritable: [tmp]", "2:12", "has not the right form", ""],
  ["version: 1\nidentities: [1000]", "2:14", "must be a text", '"1000"'],
  ["version: 1\nsetid: kep", "2:8", "not one of", "Did you mean keep?"],
  [
    "version: 1\nwaive:\n  - rule: LI-ADDD\n    reason: r\n    expires: 2030-01-01",
    "3:11",
    "not one of",
    "LI-ADD",
  ],
  [
    "version: 1\nwaive:\n  - rule: LI-ADD\n    expires: 2030-01-01",
    "3:5",
    "needs the key reason",
    "",
  ],
  [
    "version: 1\nwaive:\n  - rule: LI-ADD\n    reason: r\n    expires: 2030-02-30",
    "5:14",
    "not a day",
    "",
  ],
  ["version: 1\nversion: 1", "2:1", "well-formed", "unique"],
  ["version: 1\nwritable: [", "2:12", "well-formed", ""],
  ["", "1:1", "is empty", "version: 1"],
  ["- version: 1", "1:1", "must be keys with values", ""],
  ["version: 1\nuser: *nobody", "2:7", "must be a text", ""],
];

describe("parsePolicy", () => {
  test.each(wrong)("%j is refused at %s", (text, place, why, hint) => {
    const fault = refusal(text);
    expect(`${fault.place?.line}:${fault.place?.column}`).toBe(place);
    expect(fault.code).toBe("POLICY_INVALID");
    expect(fault.place?.file).toBe("lithify.yaml");
    expect(fault.why).toContain(why);
    expect(fault.hint).toContain(hint);
  });

  test("fills in the profile, key by key", () => {
    expect(parsePolicy("version: 1\nprofile: datapower", "f")).toMatchObject({
      profile: "datapower",
      user: "drouter",
      identities: ["drouter", "drouter:0", "1000770000:0"],
      trees: [
        { path: "/opt/ibm/datapower/drouter/config", directories: 0o755, files: 0o644 },
        { path: "/opt/ibm/datapower/drouter/local", directories: 0o755, files: 0o644 },
      ],
    });
    const own = parsePolicy("version: 1\nprofile: datapower\nwritable: [/run/]\nuser: '1001'", "f");
    expect(own.writable).toEqual(["/run"]);
    expect(own.user).toBe("1001");
    expect(own.trees).toHaveLength(2);
  });

  test("reads every key", () => {
    const text = [
      "version: 1",
      "image: shop/gateway:1",
      "user: web",
      "protect: [{ path: /app/, directories: '0555', files: '0444' }]",
      "writable: [/run]",
      "identities: [web, '5:0']",
      "setid: remove",
      "capabilities: keep",
      "waive: [{ rule: LI-ADD, path: /var, reason: old, expires: 2030-01-01 }]",
    ].join("\n");
    expect(parsePolicy(text, "f")).toEqual({
      profile: "generic",
      image: "shop/gateway:1",
      user: "web",
      trees: [{ path: "/app", directories: 0o555, files: 0o444 }],
      writable: ["/run"],
      identities: ["web", "5:0"],
      setid: "remove",
      capabilities: "keep",
      waive: [{ rule: "LI-ADD", path: "/var", reason: "old", expires: "2030-01-01" }],
    });
  });

  test("the schema for editors is the one that the parser walks", () => {
    const file = new URL("../schema/lithify.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(policySchemaDocument);
  });
});

describe("resolvePolicy", () => {
  const policy = parsePolicy("version: 1\nprofile: datapower", "f");
  const paths = (lines: readonly string[], which = policy) => {
    const resolved = resolvePolicy(which, treeOf(lines));
    return [
      ...resolved.policy.trees.map((tree) => tree.path),
      ...resolved.policy.writable,
      ...resolved.missing,
    ];
  };

  test("/drouter/config names the same tree as the long path", () => {
    const short = parsePolicy(
      "version: 1\nprofile: datapower\nprotect: [{path: /drouter/config}, {path: /drouter/local}]\nwritable: [/drouter/temporary, /drouter/logtemp, /tmp]",
      "f",
    );
    const lines = echoLayers.flat();
    expect(paths(lines, short)).toEqual(paths(lines));
    expect(resolvePolicy(short, treeOf(lines)).policy).toEqual(
      resolvePolicy(policy, treeOf(lines)).policy,
    );
  });

  test("old images have the trees under /drouter itself", () => {
    const old = ["d 0755 0:0 /drouter", "d 0755 0:0 /drouter/config", "d 0755 0:0 /drouter/local"];
    expect(paths([...old, "d 1777 0:0 /tmp"])).toEqual([
      "/drouter/config",
      "/drouter/local",
      "/drouter/logtemp",
      "/drouter/temporary",
      "/tmp",
    ]);
  });

  test("a tree that is no directory is missing", () => {
    const own = parsePolicy("version: 1\nprotect: [{path: /a}, {path: /b}]", "f");
    expect(resolvePolicy(own, treeOf(["f 0644 0:0 /a x"])).missing).toEqual(["/a", "/b"]);
  });
});

function refusal(text: string): Fault {
  try {
    parsePolicy(text, "lithify.yaml");
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
