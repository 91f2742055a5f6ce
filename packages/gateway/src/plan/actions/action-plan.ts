import type { Origin } from "../../config/model.ts";

/** What every action has. `input` and `output` name contexts. */
export interface ActionCommon {
  readonly name: string;
  readonly origin: Origin;
  readonly input: string;
  readonly output: string;
  /** Actions that this one contains. */
  readonly inner?: readonly ActionPlan[];
}

/** Runs another rule. */
export interface CallPlan {
  readonly type: "call";
  readonly rule: string;
}

/** Runs a script. `file` is empty when the location leads nowhere. */
export interface GatewayScriptPlan {
  readonly type: "gatewayscript";
  readonly location: string;
  readonly file: string;
}

/** Says what becomes of a failure of the actions that follow. */
export interface OnErrorPlan {
  readonly type: "on-error";
  readonly mode: "abort" | "continue";
}

/** Copies a context to another. */
export interface ResultsPlan {
  readonly type: "results";
}

/** Assigns a variable from a literal or from another variable. */
export interface SetvarPlan {
  readonly type: "setvar";
  readonly variable: string;
  readonly value: string;
}

type ActionParts = CallPlan | GatewayScriptPlan | OnErrorPlan | ResultsPlan | SetvarPlan;

/** One processing action that is served: what every action has, and what its type has. */
export type ActionPlan = ActionCommon & ActionParts;

/** The plan of one action type. */
export type ActionOf<Type extends ActionPlan["type"]> = ActionCommon &
  Extract<ActionParts, { type: Type }>;
