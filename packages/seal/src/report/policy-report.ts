import { visible } from "@lithify/fault";
import { stringify } from "yaml";
import type { Finding } from "../access/finding.ts";
import type { AuditReport } from "../audit/audit.ts";
import { type ReportAbout, reportedRules } from "./about.ts";
import { findingText, placeText } from "./sentences.ts";

/**
 * The audit as a PolicyReport of Kubernetes' policy working group (wgpolicyk8s.io/v1alpha2), in YAML: a result
 * for each finding (waived: skip), and a pass for each rule that found nothing.
 */
export function auditPolicyReport(report: AuditReport, about: ReportAbout): string {
  const timestamp = { seconds: Math.floor(about.at.getTime() / 1000), nanos: 0 };
  const found = new Set(report.findings.map(({ rule }) => rule as string));
  const passed = reportedRules().filter(({ code }) => !found.has(code));
  const results = [
    ...report.findings.map((finding) => ({
      ...resultOf(finding),
      timestamp,
    })),
    ...passed.map(({ code, title }) => ({
      source: "lithify",
      policy: "lithify-audit",
      rule: code,
      category: "immutability",
      result: "pass",
      scored: true,
      message: `nothing found: ${title}`,
      timestamp,
    })),
  ];
  const count = (result: string) => results.filter((each) => each.result === result).length;
  return stringify(
    {
      apiVersion: "wgpolicyk8s.io/v1alpha2",
      kind: "PolicyReport",
      metadata: {
        name: `lithify-${report.image.replace(/^sha256:/u, "").slice(0, 12)}`,
        labels: { "app.kubernetes.io/managed-by": "lithify" },
        annotations: {
          "lithify.io/image": visible(about.image),
          "lithify.io/digest": report.image,
          "lithify.io/policy": visible(about.source),
          "lithify.io/not-proven": visible(report.notProven.join(" ")),
        },
      },
      summary: {
        pass: count("pass"),
        fail: count("fail"),
        warn: 0,
        error: 0,
        skip: count("skip"),
      },
      results,
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function resultOf(finding: Finding) {
  const waiver = finding.waived ?? finding.expired;
  return {
    source: "lithify",
    policy: "lithify-audit",
    rule: finding.rule as string,
    category: "immutability",
    severity: "high",
    result: finding.waived === undefined ? "fail" : "skip",
    scored: true,
    message: findingText(finding),
    properties: {
      path: visible(finding.path),
      paths: String(1 + (finding.alsoPaths?.length ?? 0)),
      identity: visible(finding.identity),
      route: String(finding.route),
      fix: visible(finding.fix),
      ...(finding.place === undefined ? {} : { place: visible(placeText(finding.place)) }),
      ...(waiver === undefined
        ? {}
        : {
            waiver: finding.waived === undefined ? "expired" : "holds",
            "waiver-reason": visible(waiver.reason),
            "waiver-expires": waiver.expires,
          }),
    },
  };
}
