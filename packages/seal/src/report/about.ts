import type { Tree } from "@lithify/oci";
import type { AuditReport } from "../audit/audit.ts";
import type { Policy } from "../policy/policy.ts";
import { ruleTable } from "../rules/rule-table.ts";
import type { SealPlan } from "../sealing/plan.ts";

/** What a report says besides the audit itself. */
export interface ReportAbout {
  /** The image as the user named it. */
  readonly image: string;
  /** Where the policy came from, in words. */
  readonly source: string;
  /** Of lithify. */
  readonly version: string;
  readonly at: Date;
  readonly policy?: Policy;
  /** Paint the text for a terminal. */
  readonly isColored?: boolean;
  /** With it the page shows what is protected and by what. */
  readonly tree?: Tree;
  /** With it the page shows what sealing would do. */
  readonly plan?: SealPlan;
}

/** The document of `lithify audit --format json`; packages/seal/schema/audit.schema.json describes it. */
export interface AuditDocument extends AuditReport {
  /** Where the policy came from, in words. */
  readonly policy: string;
}

export function auditDocument(report: AuditReport, about: ReportAbout): AuditDocument {
  return { ...report, policy: about.source };
}

/** Title and advice of a rule. */
export function ruleAbout(code: string): { readonly title: string; readonly fix: string } {
  const rule = Object.values(ruleTable).find((each) => each.code === code);
  return rule ?? { title: code, fix: "" };
}

/** Every rule of the audit, in the order of the report. */
export function reportedRules(): readonly {
  readonly code: string;
  readonly title: string;
  readonly fix: string;
}[] {
  return Object.values(ruleTable);
}
