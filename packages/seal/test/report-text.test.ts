import { digestOf } from "@lithify/oci";
import { expect, test } from "vitest";
import type { AuditReport } from "../src/audit/audit.ts";
import { auditText } from "../src/report/text.ts";

const report: AuditReport = {
  image: digestOf("x"),
  immutable: false,
  objects: 7,
  identities: [
    { name: "drouter", uid: 101, gid: 0, groups: [0], capabilities: [], noNewPrivileges: true },
    { name: "drouter:0", uid: 101, gid: 0, groups: [0], capabilities: [], noNewPrivileges: true },
    { name: "5:5", uid: 5, gid: 5, groups: [5], capabilities: [], noNewPrivileges: true },
  ],
  findings: ["drouter", "drouter:0"].map((identity) => ({
    rule: "LI-ADD",
    path: "/a\u001b[31m",
    alsoPaths: ["/b", "/c", "/d", "/e"],
    identity,
    route: "add",
    witness: ["because"],
    fix: "Mend it.",
    waived: { reason: "old", expires: "2030-01-01" },
  })),
  worst: [
    {
      rule: "LI-ADD",
      route: "add",
      path: "/a\u001b[31m",
      objects: 5,
      identities: ["drouter", "drouter:0"],
      waived: true,
    },
  ],
  notProven: ["Something."],
  seconds: 0.1,
};

test("an audit for the terminal", () => {
  expect(auditText(report, { color: false }).split("\n").slice(2)).toEqual([
    "Worst case",
    "  LI-ADD  5 objects, /a\\u{1b}[31m first, by drouter, drouter:0",
    "",
    "drouter  uid 101, gid 0, groups 0",
    "drouter:0  uid 101, gid 0, groups 0",
    "  LI-ADD  /a\\u{1b}[31m, /b, /c and 2 more: entries can be added to a directory",
    "      because",
    "      waived until 2030-01-01: old",
    "      fix: Mend it.",
    "",
    "5:5  uid 5, gid 5, groups 5",
    "  can change nothing",
    "",
    "Not proven (1):",
    "  - Something.",
    "",
  ]);
  expect(auditText(report, { color: false })).not.toContain("\u001b");
  expect(auditText(report, { color: true })).toContain("\u001b[31mnot immutable");
});
