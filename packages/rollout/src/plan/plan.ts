/** A rollout plan with all defaults filled in. Shares are fractions of 1, times milliseconds. */
export interface Plan {
  readonly name: string;
  /** Image references. */
  readonly stable: string;
  readonly canary: string;
  /** The port the instances listen on. */
  readonly port: number;
  /** Where the splitter listens; port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly instances: number;
  readonly split: SplitPlan;
  readonly steps: readonly Step[];
  readonly metrics: readonly Metric[];
  /** The greatest chance of rolling back a harmless canary. */
  readonly alpha: number;
  /** The greatest chance of calling a harmful canary safe. */
  readonly beta: number;
  /** The odds ratio from which on a canary is harmful. */
  readonly psiMax: number;
  /** Length of a block: how often the counts are taken and judged. */
  readonly block: number;
  readonly deadline: { readonly after: number; readonly policy: DeadlinePolicy };
  /** How long connections may take to end by themselves before they are cut. */
  readonly drain: number;
  readonly ready: { readonly path: string; readonly timeout: number };
}

/**
 * What to do when the evidence has not sufficed in time. `hold`: stay at this weight and go on judging;
 * `rollback`: abort; `ask`: stay, and let nobody but the operator promote. Harm rolls back in any case.
 */
export type DeadlinePolicy = "hold" | "rollback" | "ask";

export type Step =
  | { readonly do: "setWeight"; readonly weight: number }
  /** Traffic flows and is judged for this long. */
  | { readonly do: "observe"; readonly for: number }
  /** Until the verdict is "safe"; after `atMost` the deadline policy decides. */
  | { readonly do: "analyse"; readonly atMost: number }
  /** Until the operator says promote. */
  | { readonly do: "pause" };

export interface SplitPlan {
  readonly unit: UnitSource;
  readonly salt: string;
  /** Units that always reach the canary. */
  readonly allow: readonly string[];
  /** A request header whose value `canary` or `stable` decides before everything else. */
  readonly override?: string;
}

/** What makes a user. */
export type UnitSource =
  | { readonly from: "cookie"; readonly name: string }
  | { readonly from: "header"; readonly name: string }
  | { readonly from: "address" }
  /** A cookie that the splitter sets. */
  | { readonly from: "own-cookie"; readonly name: string }
  /** No users are known: random for each request. */
  | { readonly from: "request" };

export type Metric =
  /** Users with an error (status 500 and above, or no answer), canary against stable. */
  | { readonly kind: "errors"; readonly name: string; readonly tolerance: number }
  /** Users with an answer slower than a threshold, canary against stable. */
  | {
      readonly kind: "latency";
      readonly name: string;
      readonly slowerThan: readonly number[];
      readonly tolerance: number;
    }
  /** Users with an error on the canary, against a promised rate. */
  | { readonly kind: "objective"; readonly name: string; readonly atMost: number };

/** All latency thresholds of a plan, in milliseconds, in the order in which slow units are counted. */
export function thresholdsOf(metrics: readonly Metric[]): readonly number[] {
  return metrics.flatMap((metric) => (metric.kind === "latency" ? metric.slowerThan : []));
}
