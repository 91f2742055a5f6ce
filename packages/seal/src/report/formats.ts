import type { AuditReport } from "../audit/audit.ts";
import { auditDocument, type ReportAbout } from "./about.ts";

type Writer = (report: AuditReport, about: ReportAbout) => string;

/** Every format that an audit can be written in. Each is loaded when it is asked for. */
const reportFormats = {
  text: async () => {
    const { auditText } = await import("./text.ts");
    return (report, { isColored = false }) => auditText(report, { color: isColored });
  },
  json: async () => (report, about) =>
    `${JSON.stringify(auditDocument(report, about), undefined, 2)}\n`,
  sarif: async () => (await import("./sarif.ts")).auditSarif,
  junit: async () => (await import("./junit.ts")).auditJunit,
  policyreport: async () => (await import("./policy-report.ts")).auditPolicyReport,
  html: async () => (await import("./html.ts")).auditHtml,
} as const satisfies Readonly<Record<string, () => Promise<Writer>>>;

export type ReportFormat = keyof typeof reportFormats;

export const reportFormatNames = Object.keys(reportFormats) as readonly ReportFormat[];

export function isReportFormat(name: string): name is ReportFormat {
  return Object.hasOwn(reportFormats, name);
}

/** The audit in one format; ends with a newline. */
export async function auditReportAs(
  format: ReportFormat,
  report: AuditReport,
  about: ReportAbout,
): Promise<string> {
  const write: Writer = await reportFormats[format]();
  return write(report, about);
}
