import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import AjvDraft04 from "ajv-draft-04";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { junitObjection } from "../../../gateway/test/support/junit-objection.ts";
import { auditModel } from "../../src/audit/audit.ts";
import { auditReportAs, type ReportFormat } from "../../src/report/formats.ts";
import { about, hostileModel, hostileReport } from "./hostile.ts";

test("JSON follows its published schema", async () => {
  const document = JSON.parse(await written("json"));
  const validate = validator("../../schema/audit.schema.json");
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...document, more: 1 })).toBe(false);
  const place = { file: "pod.yaml", line: 1, column: 1 };
  const launches = [{ name: "pod/a:b", place, keepsSeal: false, findings: 2 }];
  expect(validate({ ...document, launches }), JSON.stringify(validate.errors)).toBe(true);
  const page = await auditReportAs("html", { ...hostileReport, launches }, about);
  expect(page).toContain("undoes the seal: 2 findings");
});

test("SARIF follows OASIS' schema of 2.1.0, with a suppression for what is waived and a mark for what expired", async () => {
  const log = JSON.parse(await written("sarif"));
  const validate = sarifValidator();
  expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...log, version: "2.0.0" })).toBe(false);
  const { results, tool } = log.runs[0];
  expect(results).toHaveLength(hostileReport.findings.length);
  for (const result of results) {
    expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(JSON.stringify(result)).toBe(JSON.stringify(result).toWellFormed());
  }
  const ofRule = (rule: string) => results.find((each: { ruleId: string }) => each.ruleId === rule);
  expect(ofRule("LI-CONTENT").suppressions).toEqual([
    { kind: "external", status: "accepted", justification: "known (until 2030-01-01)" },
  ]);
  expect(ofRule("LI-ADD").suppressions).toEqual([]);
  expect(ofRule("LI-ADD").properties.expiredWaiver).toEqual({
    reason: "was known",
    expires: "2020-01-01",
  });
});

test("JUnit: a suite for each identity, skipped where waived, failed where the waiver expired", async () => {
  const xml = await written("junit");
  expect(xml).toContain('<skipped type="waived" message="Waived until 2030-01-01: known"/>');
  expect(xml).toContain("The waiver expired on 2020-01-01 and holds no longer: was known");
  expect(xml.match(/<testsuite /gu)).toHaveLength(2);
  expect(xml).not.toContain("<b>");
  expect(xml).toContain("&lt;b&gt;");
  expect(junitObjection(xml)).toBeUndefined();
  expect(junitObjection(xml.replace(' type="waived"', ""))).toMatch(/type/u);
});

test("a PolicyReport counts what it lists", async () => {
  const report = parse(await written("policyreport"));
  const validate = validator("./policy-report.schema.json");
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...report, results: [{ result: "pass" }] })).toBe(false);
  expect(validate({ ...report, results: [{ policy: "x", result: "waived" }] })).toBe(false);
  expect(validate({ ...report, more: 1 })).toBe(false);
  expect(report.metadata.name).toMatch(/^lithify-[0-9a-f]{12}$/u);
  for (const key of ["pass", "fail", "skip"]) {
    const counted = report.results.filter((each: { result: string }) => each.result === key);
    expect(report.summary[key]).toBe(counted.length);
  }
  expect(report.summary.skip).toBeGreaterThan(0);
  expect(report.summary.fail).toBeGreaterThan(0);
});

test("no format lets a control character or half a surrogate through", async () => {
  for (const format of ["sarif", "junit", "policyreport"] as const) {
    expect((await written(format)).replaceAll("\n", "")).toMatch(/^[^\p{Cs}\p{Cf}\p{Cc}]*$/u);
  }
});

test("a waiver holds on its last day and is told of as expired on the next", async () => {
  const { model, identities } = hostileModel();
  const on = (day: string) =>
    auditModel(model, identities, new Date(`${day}T12:00:00Z`)).findings.find(
      ({ rule }) => rule === "LI-CONTENT",
    );
  expect(on("2030-01-01")).toMatchObject({ waived: { reason: "known" } });
  expect(on("2030-01-02")).toMatchObject({ expired: { reason: "known" } });
  expect(on("2030-01-02")?.waived).toBeUndefined();
});

test("the page holds no markup of names, no script and no address, and both colour schemes", async () => {
  const page = await written("html");
  expect(page).not.toMatch(/<script|<b>"|https?:|src=/u);
  expect(page).toContain("&lt;script&gt;");
  expect(page).toContain("prefers-color-scheme:dark");
  expect(page).toContain("The waiver expired on 2020-01-01");
  expect(page.isWellFormed()).toBe(true);
});

test("SARIF of a finding in a manifest has its place, and follows the schema too", async () => {
  const place = { file: "deploy/pod [1].yaml", line: 7, column: 3 };
  const findings = hostileReport.findings.map((finding) => ({ ...finding, place }));
  const report = { ...hostileReport, findings };
  const log = JSON.parse(await auditReportAs("sarif", report, about));
  const validate = sarifValidator();
  expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
  expect(log.runs[0].results[0].locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: "deploy/pod%20%5B1%5D.yaml" },
    region: { startLine: 7, startColumn: 3 },
  });
  for (const format of ["text", "junit", "policyreport", "html"] as const) {
    expect(await auditReportAs(format, report, about)).toContain("deploy/pod [1].yaml:7:3");
  }
});

/** The schema as OASIS published it (draft 4 of JSON Schema), from a package that ships it. */
function sarifValidator() {
  const ajv = new AjvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false });
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addFormat("uri-reference", (text: string) => URL.canParse(text, "http://localhost/"));
  ajv.addFormat("date-time", (text: string) => !Number.isNaN(Date.parse(text)));
  const file = import.meta.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  return ajv.compile(JSON.parse(readFileSync(fileURLToPath(file), "utf8")));
}

function written(format: ReportFormat): Promise<string> {
  return auditReportAs(format, hostileReport, about);
}

function validator(file: string) {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addFormat("date-time", (text: string) => !Number.isNaN(Date.parse(text)));
  return ajv.compile(JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")));
}
