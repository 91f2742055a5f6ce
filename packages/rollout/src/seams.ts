/** Where the splitter sends a unit (a user). */
export type Side = "stable" | "canary";

/** Counts of one side since the last block was taken. Units are users counted once a block. */
export interface SideCounts {
  readonly requests: number;
  readonly requestErrors: number;
  readonly units: number;
  /** Units with at least one error. */
  readonly unitErrors: number;
  /** Units with at least one answer slower than each threshold, in the order of the plan's thresholds. */
  readonly unitSlow: readonly number[];
  /** Units never seen before in this rollout, for the sample-ratio check; absent: it is left out. */
  readonly newUnits?: number;
  /**
   * First failures: for errors, then for each threshold, the units that had none of it in the last blocks
   * and how many of them have it now. A user who always fails would otherwise count as many.
   * Absent: units, unitErrors and unitSlow are judged.
   */
  readonly onsets?: readonly { readonly units: number; readonly events: number }[];
}

/** Splits traffic between two sets of instances. Weight is the share of users that reach the canary, 0 to 1. */
export interface TrafficSplitter {
  setBackends(side: Side, backends: readonly Backend[]): Promise<void>;
  setWeight(weight: number): Promise<void>;
  /**
   * Lets nothing new onto this side until its backends are set again. Resolves when no request is in flight
   * on it, or after the deadline with the number that was left; those are then cut.
   */
  drain(side: Side, options: { readonly deadlineMs: number }): Promise<{ readonly left: number }>;
}

export interface Backend {
  readonly host: string;
  readonly port: number;
}

/** Counts per side, taken block by block; taking resets them. */
export interface MetricSource {
  takeBlock(): Promise<Block>;
}

export type Block = Readonly<Record<Side, SideCounts>>;

/** Time as an argument. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
