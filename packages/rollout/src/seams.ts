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
}

/** Splits traffic between two sets of instances. Weight is the share of users that reach the canary, 0 to 1. */
export interface TrafficSplitter {
  setBackends(
    side: Side,
    backends: readonly { readonly host: string; readonly port: number }[],
  ): Promise<void>;
  setWeight(weight: number): Promise<void>;
  /** Resolves when no request is in flight on this side, or after the deadline with the number that is left. */
  drain(side: Side, options: { readonly deadlineMs: number }): Promise<{ readonly left: number }>;
}

/** Counts per side, taken block by block; taking resets them. */
export interface MetricSource {
  takeBlock(): Promise<Readonly<Record<Side, SideCounts>>>;
}

/** Time as an argument. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
