import { createHash } from "node:crypto";
import { posix } from "node:path";
import { visible } from "@lithify/fault";
import type { Finding } from "../access/finding.ts";
import type { AuditReport } from "../audit/audit.ts";
import { type ReportAbout, reportedRules } from "./about.ts";
import { findingText, pathLines } from "./sentences.ts";

/** Where a rule's page is; a package that is installed alone has no docs, so the address is one of the package. */
function helpUri(code: string): string {
  return `pkg:npm/%40lithify/seal#docs/rules/${code}.md`;
}

/**
 * The audit as SARIF 2.1.0 (OASIS): a rule for each rule, a result for each finding, waived ones as accepted
 * suppressions, what is not proven as notes of the invocation.
 */
export function auditSarif(report: AuditReport, about: ReportAbout): string {
  const rules = reportedRules();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "lithify",
            version: about.version,
            semanticVersion: about.version,
            rules: rules.map(({ code, title, fix }) => ({
              id: code,
              name: code.replaceAll("-", ""),
              shortDescription: { text: title },
              help: { text: fix === "" ? title : fix },
              helpUri: helpUri(code),
              defaultConfiguration: { level: "error" },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        automationDetails: { id: `lithify-audit/${visible(about.image)}` },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: about.at.toISOString(),
            toolExecutionNotifications: report.notProven.map((sentence) => ({
              level: "note",
              message: { text: visible(`Not proven: ${sentence}`) },
            })),
          },
        ],
        results: report.findings.map((finding) => resultOf(finding, rules)),
        properties: {
          image: report.image,
          policy: visible(about.source),
          immutable: report.immutable,
          objects: report.objects,
          identities: report.identities.map(({ name }) => visible(name)),
        },
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function resultOf(finding: Finding, rules: readonly { readonly code: string }[]) {
  return {
    ruleId: finding.rule,
    ruleIndex: rules.findIndex(({ code }) => code === finding.rule),
    level: "error",
    kind: "fail",
    message: { text: findingText(finding) },
    locations: [{ ...physical(finding), logicalLocations: [logical(finding.path)] }],
    partialFingerprints: { "lithifyFinding/v1": fingerprint(finding) },
    suppressions:
      finding.waived === undefined
        ? []
        : [
            {
              kind: "external",
              status: "accepted",
              justification: visible(`${finding.waived.reason} (until ${finding.waived.expires})`),
            },
          ],
    properties: {
      identity: visible(finding.identity),
      route: finding.route,
      fix: visible(finding.fix),
      paths: pathLines(finding),
      ...(finding.expired === undefined
        ? {}
        : {
            expiredWaiver: {
              reason: visible(finding.expired.reason),
              expires: finding.expired.expires,
            },
          }),
    },
  };
}

function logical(path: string) {
  const shown = visible(path);
  return { name: posix.basename(shown) || "/", fullyQualifiedName: shown, kind: "resource" };
}

function physical({ place }: Finding) {
  if (place === undefined) return {};
  const { file, line, column } = place;
  const uri = file.split("/").map(encodeURIComponent).join("/");
  return {
    physicalLocation: {
      artifactLocation: { uri },
      region: { startLine: line, startColumn: column },
    },
  };
}

/** Stable over witnesses and further paths: the same cause is the same alert tomorrow. */
function fingerprint({ rule, identity, path }: Finding): string {
  return createHash("sha256")
    .update(JSON.stringify([rule, identity, path]))
    .digest("hex");
}
