import type { Plan } from "../plan/plan.ts";
import type { Block, Side } from "../seams.ts";

/** What has happened, in the order of the log. `at` is milliseconds since 1970. */
export type RolloutEvent = { readonly at: number } & Happening;

export type Happening =
  | {
      readonly type: "started";
      readonly plan: Plan;
      readonly stable: string;
      readonly canary: string;
    }
  /** A controller took over a rollout that another had begun. */
  | { readonly type: "resumed" }
  /** The side's instances run and answer. */
  | { readonly type: "ready"; readonly side: Side; readonly instances: readonly string[] }
  /** The canary answered through the splitter. */
  | { readonly type: "seen" }
  | { readonly type: "weightSet"; readonly weight: number; readonly why: string }
  | { readonly type: "stepEntered"; readonly step: number }
  | { readonly type: "block"; readonly counts: Block }
  | { readonly type: "operator"; readonly command: OperatorCommand }
  | { readonly type: "promoting"; readonly why: string }
  | { readonly type: "aborting"; readonly why: string }
  | { readonly type: "deadline"; readonly why: string }
  /** After weight 0: nothing new reaches the canary. */
  | { readonly type: "evacuated" }
  /** `left` requests had not ended when they were cut. */
  | { readonly type: "drained"; readonly side: Side; readonly left: number }
  /** The stable side's backends are now the canary's instances. */
  | { readonly type: "adopted" }
  | { readonly type: "stopped"; readonly side: Side }
  | { readonly type: "completed"; readonly why: string }
  | { readonly type: "rolledBack"; readonly why: string };

/** `promote` ends a pause; with `full`, or outside a pause, it promotes at once. */
export type OperatorCommand = (
  | { readonly do: "promote"; readonly full: boolean }
  | { readonly do: "abort" }
) & {
  /** Tells a command that a crashed controller has logged from one that still waits. */
  readonly id?: string;
};
