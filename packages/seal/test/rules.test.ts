import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { modelOf } from "../src/access/model.ts";
import { auditModel } from "../src/audit/audit.ts";
import type { Identity } from "../src/identity/identity.ts";
import type { Accounts } from "../src/identity/image-user.ts";
import { resolveIdentity } from "../src/policy/resolve-identities.ts";
import { ruleCodes } from "../src/policy/rule-codes.ts";
import { ruleTable } from "../src/rules/rule-table.ts";
import { type Case, readCases } from "./case-file.ts";
import { configOf, contentsIn, treeOf } from "./fixture.ts";

const cases = readCases("rules");
const now = new Date("2026-01-01T00:00:00Z");

describe("rules", () => {
  test.each(cases.map((each) => [each.name, each] as const))("%s", (_name, each) => {
    const { findings, immutable } = auditModel(modelFor(each), [identityFor(each)], now);
    const lines = findings.map((finding) =>
      [
        finding.rule,
        finding.path,
        ...(finding.alsoPaths ?? []),
        ...(finding.waived ? ["waived"] : []),
      ].join(" "),
    );
    expect(lines.sort()).toEqual([...each.section("findings")].sort());
    expect(immutable).toBe(findings.every((finding) => finding.waived !== undefined));
    for (const finding of findings) {
      expect(finding.witness.length).toBeGreaterThan(0);
      expect(finding.fix).not.toBe("");
    }
  });

  test("every rule has a case in which it finds something", () => {
    const found = new Set(
      [...cases, ...readCases("launch")]
        .flatMap((each) => each.section("findings"))
        .map((line) => line.split(" ")[0]),
    );
    expect(ruleCodes.filter((code) => !found.has(code))).toEqual([]);
  });

  test("every rule has its page, and every page its rule", () => {
    const folder = new URL("../../../docs/rules/", import.meta.url);
    expect(existsSync(folder)).toBe(true);
    const pages = readdirSync(folder).filter((name) => name.startsWith("LI-"));
    expect(pages.sort()).toEqual(ruleCodes.map((code) => `${code}.md`).sort());
    for (const code of ruleCodes) {
      expect(ruleTable[code].code).toBe(code);
      const page = readFileSync(new URL(`${code}.md`, folder), "utf8");
      expect(page.split("\n")[0]).toBe(`# ${code}: ${ruleTable[code].title}`);
    }
  });
});

function modelFor(each: Case) {
  return modelOf({
    tree: treeOf(each.layers.flat(), each.xattrs),
    config: configOf(each.config),
    policy: each.policy,
    accounts: accountsFor(each),
    contents: contentsIn(each.layers.flat(), each.notes),
  });
}

function identityFor(each: Case): Identity {
  return resolveIdentity(each.section("as")[0] ?? "", accountsFor(each), each.config.User);
}

/** As the case has them, else a passwd that knows root. */
function accountsFor(each: Case): Accounts {
  const text = (name: string) => each.section(name).join("\n");
  return { passwd: text("passwd") || "root:x:0:0::/:/bin/sh", group: text("group") };
}
