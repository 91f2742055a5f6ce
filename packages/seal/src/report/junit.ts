import type { Finding } from "../access/finding.ts";
import type { AuditReport } from "../audit/audit.ts";
import { type ReportAbout, reportedRules } from "./about.ts";
import { escaped } from "./escaped.ts";
import { pathLines, placeText, waiverText } from "./sentences.ts";

/**
 * The audit as JUnit XML: a suite for each identity, a case for each rule. A finding that is waived makes its
 * case skipped, with the reason; one whose waiver expired fails it.
 */
export function auditJunit(report: AuditReport, about: ReportAbout): string {
  const names = new Set([
    ...report.identities.map(({ name }) => name),
    ...report.findings.map(({ identity }) => identity),
  ]);
  const suites = [...names].map((name) =>
    suite(
      name,
      report.findings.filter(({ identity }) => identity === name),
      about,
    ),
  );
  const count = (key: "tests" | "failures") => suites.reduce((sum, one) => sum + one[key], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(`lithify audit ${about.image}`)}" tests="${count("tests")}" failures="${count("failures")}" errors="0" time="${report.seconds}">`,
    ...suites.map(({ text }) => text),
    "</testsuites>",
    "",
  ].join("\n");
}

function suite(name: string, findings: readonly Finding[], about: ReportAbout) {
  const cases = reportedRules().map(({ code, title }) => {
    const own = findings.filter(({ rule }) => rule === code);
    const open = own.filter(({ waived }) => waived === undefined);
    const state = open.length > 0 ? "failed" : own.length > 0 ? "skipped" : "passed";
    return { code, title, own, open, state };
  });
  const count = (state: string) => cases.filter((each) => each.state === state).length;
  const failures = count("failed");
  const text = [
    `  <testsuite name="${escaped(name)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${count("skipped")}" time="0" timestamp="${about.at.toISOString().slice(0, 19)}">`,
    ...cases.flatMap(({ code, title, own, open, state }) => {
      const start = `    <testcase name="${escaped(`${code}: ${title}`)}" classname="${escaped(`lithify.${name}`)}" time="0"`;
      if (state === "passed") return [`${start}/>`];
      if (state === "skipped") {
        const why = own.map(waiverText).join(" ");
        return [
          `${start}>`,
          `      <skipped type="waived" message="${escaped(why)}"/>`,
          "    </testcase>",
        ];
      }
      return [
        `${start}>`,
        `      <failure type="${code}" message="${escaped(`${open.length} of ${title}`)}">${failureText(open)}</failure>`,
        "    </testcase>",
      ];
    }),
    "  </testsuite>",
  ].join("\n");
  return { text, tests: cases.length, failures };
}

function failureText(findings: readonly Finding[]): string {
  return findings
    .flatMap((finding) => [
      ...pathLines(finding),
      ...(finding.place === undefined ? [] : [`    at ${placeText(finding.place)}`]),
      ...finding.witness.map((step) => `    ${step}`),
      ...(waiverText(finding) === "" ? [] : [`    ${waiverText(finding)}`]),
      `    fix: ${finding.fix}`,
    ])
    .map(escaped)
    .join("\n");
}
