import type { AuditReport } from "../audit/audit.ts";
import { auditDocument, type ReportAbout } from "./about.ts";
import { auditHtml } from "./html.ts";
import { auditJunit } from "./junit.ts";
import { auditPolicyReport } from "./policy-report.ts";
import { auditSarif } from "./sarif.ts";
import { auditText } from "./text.ts";

type Writer = (report: AuditReport, about: ReportAbout) => string;

/** Every format that an audit can be written in, without colour. */
export const reportFormats = {
  text: (report) => auditText(report, { color: false }),
  json: (report, about) => `${JSON.stringify(auditDocument(report, about), undefined, 2)}\n`,
  sarif: auditSarif,
  junit: auditJunit,
  policyreport: auditPolicyReport,
  html: auditHtml,
} as const satisfies Readonly<Record<string, Writer>>;

export type ReportFormat = keyof typeof reportFormats;

export function isReportFormat(name: string): name is ReportFormat {
  return Object.hasOwn(reportFormats, name);
}

/** The audit in one format; ends with a newline. */
export function auditReportAs(
  format: ReportFormat,
  report: AuditReport,
  about: ReportAbout,
): string {
  return reportFormats[format](report, about);
}
