import type { ObjectChange } from "../config/overlay.ts";
import type { LogTargetPlan } from "../log/plan-log-targets.ts";
import type { LogEvent } from "../log.ts";
import type { InterfacePlan } from "../manage/interface-plan.ts";
import type { ServedPort } from "./gateway-options.ts";
import type { Health } from "./health.ts";
import type { ProcessCounts } from "./process-counts.ts";

/** What a worker tells when it serves, and again after a change. */
export interface WorkerReport {
  readonly ports: readonly ServedPort[];
  readonly health: Health;
  readonly domains: readonly string[];
  readonly interfaces: readonly InterfacePlan[];
  readonly logTargets: readonly LogTargetPlan[];
}

/** What a worker says to the process above it. */
export type WorkerWord =
  | { readonly says: "serving"; readonly report: WorkerReport }
  | { readonly says: "ports closed" }
  | { readonly says: "log"; readonly events: readonly [LogEvent, number][] }
  | { readonly says: "counts"; readonly id: number; readonly counts: ProcessCounts }
  | { readonly says: "changed"; readonly id: number; readonly report: WorkerReport };

/** What a worker is told. `changes` comes first of all where changes are allowed. */
export type LeaderWord =
  | { readonly asks: "counts"; readonly id: number }
  | { readonly asks: "changes"; readonly id: number; readonly changes: readonly ObjectChange[] };
