import { describe, expect, test } from "vitest";
import { defaultCapabilities } from "../src/identity/image-user.ts";
import { parsePolicy } from "../src/policy/parse.ts";
import { resolveIdentities, resolveIdentity } from "../src/policy/resolve-identities.ts";
import { everything } from "./fixture.ts";

const accounts = {
  passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/:/bin/sh\n",
  group: "root:x:0:\nweb:x:33:\nlogs:x:44:web\naudio:x:29:\n",
};

/** As given: uid, gid, groups, effective capabilities, no_new_privs. */
const cases: readonly (readonly [string, string])[] = [
  ["web+27,audio", "33:33 27,29,33,44 - on"],
  ["1001:0+27,100,nnp=off", "1001:0 0,27,100 - off"],
  ["1001,cap=chown,cap=CAP_FOWNER", "1001:0 0 CAP_CHOWN,CAP_FOWNER on"],
  ["web:root,nnp=on", "33:0 0 - on"],
  ["kubernetes(runAsUser=33)", "33:33 33,44 - off"],
  ["kubernetes(runAsUser=33 supplementalGroupsPolicy=Strict)", "33:33 33 - off"],
  ["kubernetes(runAsUser=33 runAsGroup=5)", "33:5 5,44 - off"],
  ["kubernetes(runAsUser=33 runAsGroup=5 supplementalGroupsPolicy=Strict)", "33:5 5 - off"],
  ["kubernetes(runAsUser=1000)", "1000:0 0 - off"],
  [
    "kubernetes(runAsUser=1000 runAsGroup=3000 fsGroup=2000 supplementalGroups=4000,5 allowPrivilegeEscalation=false)",
    "1000:3000 5,2000,3000,4000 - on",
  ],
  // The kubelet passes over the group of USER web:root
  ["kubernetes()", "33:33 33,44 - off"],
  ["kubernetes(runAsGroup=0)", "33:0 0,44 - off"],
  ["openshift", "1000770000:0 0,1000770000 - on"],
  ["openshift(1000660000)", "1000660000:0 0,1000660000 - on"],
];

describe("identities as engines make them", () => {
  test.each(cases)("%s", (text, expected) => {
    const who = resolveIdentity(text, accounts, "web:root");
    const capabilities = who.capabilities.join() || "-";
    const escalation = who.noNewPrivileges ? "on" : "off";
    expect(`${who.uid}:${who.gid} ${who.groups.join()} ${capabilities} ${escalation}`).toBe(
      expected,
    );
    expect(who.name).toBe(text);
  });

  test("bounding sets", () => {
    const bounding = (text: string) => resolveIdentity(text, accounts).bounding;
    expect(bounding("web")).toBeUndefined();
    expect(bounding("web,bound=none")).toEqual([]);
    expect(bounding("web,bound=setuid,cap=chown")).toEqual(["CAP_CHOWN", "CAP_SETUID"]);
    expect(bounding("kubernetes(runAsUser=1)")).toEqual(defaultCapabilities);
    expect(
      bounding("kubernetes(runAsUser=1 dropCapabilities=ALL addCapabilities=NET_ADMIN)"),
    ).toEqual(["CAP_NET_ADMIN"]);
    expect(bounding("kubernetes(runAsUser=1 dropCapabilities=mknod)")).not.toContain("CAP_MKNOD");
    const root = resolveIdentity("kubernetes(runAsUser=0 dropCapabilities=ALL)", accounts);
    expect(root.capabilities).toEqual([]);
    const all = resolveIdentity("kubernetes(runAsUser=0 privileged=true)", accounts);
    expect([all.capabilities.includes("CAP_SYS_ADMIN"), all.noNewPrivileges]).toEqual([
      true,
      false,
    ]);
  });

  test.each([
    "web+",
    "web+27,",
    "web,27",
    "web,cap=CAP_CHWON",
    "web,nnp=maybe",
    "web,speed=1",
    "web+nobody",
    "kubernetes(runAsUser=-1)",
    "kubernetes(runAsuser=1)",
    "kubernetes(supplementalGroupsPolicy=merge)",
    "kubernetes(addCapabilities=NOTHING)",
    "openshift(0)",
    "openshift(9999999999)",
  ])("%s is refused", (text) => {
    expect(() => resolveIdentity(text, accounts)).toThrow(
      expect.objectContaining({ code: "IDENTITY_UNKNOWN" }),
    );
  });

  test("a policy may say them in keys", () => {
    const policy = parsePolicy(
      [
        "version: 1",
        "identities:",
        "  - web",
        "  - { user: '1001:0', groups: [27, audio], noNewPrivileges: false }",
        "  - { groups: [27] }",
        "  - { user: web, capabilities: [CAP_CHOWN], bounding: [] }",
        "  - securityContext: { runAsUser: 7, supplementalGroups: [1, 2], supplementalGroupsPolicy: Strict }",
      ].join("\n"),
      "lithify.yaml",
    );
    expect(policy.identities).toEqual([
      "web",
      "1001:0+27,audio,nnp=off",
      "USER+27",
      "web,cap=CAP_CHOWN,bound=none",
      "kubernetes(runAsUser=7 supplementalGroups=1,2 supplementalGroupsPolicy=Strict)",
    ]);
    const who = resolveIdentities("33", { ...everything, ...policy }, accounts);
    expect(who.map(({ uid, groups }) => [uid, groups])).toEqual([
      [33, [33, 44]],
      [1001, [0, 27, 29]],
      [33, [27, 33, 44]],
      [33, [33, 44]],
      [7, [0, 1, 2]],
    ]);
  });

  test.each([
    ["- { user: web, group: 5 }", "unknown key group"],
    ["- { securityContext: { runAsUser: '5' } }", "whole number"],
    ["- { noNewPrivileges: sometimes }", "true or false"],
    ["- { groups: [[1]] }", "must be a text"],
    ["- 5", "must be a text"],
  ])("%s in a policy is refused", (line, why) => {
    const text = `version: 1\nidentities:\n  ${line}`;
    expect(() => parsePolicy(text, "lithify.yaml")).toThrow(
      expect.objectContaining({ code: "POLICY_INVALID", why: expect.stringContaining(why) }),
    );
  });
});
