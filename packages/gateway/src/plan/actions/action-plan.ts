import type { Origin } from "../../config/model.ts";
import type { Priority } from "../../log.ts";
import type { AaaPolicyPlan } from "../aaa/aaa-plan.ts";
import type { UrlRewritePlan } from "../rewrite-rule.ts";
import type { SlmPolicyPlan } from "../slm/slm-plan.ts";
import type { XmlActionParts } from "./xml-action-plan.ts";

/** What every action has. `input` and `output` name contexts. */
export interface ActionCommon {
  readonly name: string;
  readonly origin: Origin;
  readonly input: string;
  readonly output: string;
  /** The rule goes on while this action runs. */
  readonly asynchronous: boolean;
  /** Actions that this one contains. */
  readonly inner?: readonly ActionPlan[];
}

/** Lets a client pass that it knows. */
export interface AaaPlan {
  readonly type: "aaa";
  readonly policy: AaaPolicyPlan;
}

/** Runs another rule: `rule` names it, or the variable that will. */
export interface CallPlan {
  readonly type: "call";
  readonly rule: string;
}

/** Marks a point for monitors, of which there are none here. */
export interface CheckpointPlan {
  readonly type: "checkpoint";
}

/** Waits for asynchronous actions, all of them when none is named; 0 milliseconds is no limit. */
export interface EventSinkPlan {
  readonly type: "event-sink";
  readonly actions: readonly string[];
  readonly timeout: number;
}

/** Reads what a URL leads to. */
export interface FetchPlan {
  readonly type: "fetch";
  readonly place: Place;
}

/** Runs a script. `file` is empty when the location leads nowhere or is in a variable. */
export interface GatewayScriptPlan {
  readonly type: "gatewayscript";
  readonly location: string;
  readonly file: string;
}

/** Writes its input to the log, or sends it to a place. */
export interface LogPlan {
  readonly type: "log";
  readonly level: Priority;
  readonly category: string;
  readonly delivery: Delivery | undefined;
}

/** Changes the method with which the message goes on. */
export interface MethodRewritePlan {
  readonly type: "method-rewrite";
  readonly method: string;
}

/** Says what becomes of a failure of the actions that follow; `rule` is empty for none. */
export interface OnErrorPlan {
  readonly type: "on-error";
  readonly mode: "abort" | "continue" | "alternative";
  readonly rule: string;
  readonly errorInput: string;
  readonly errorOutput: string;
}

/** Copies a context to another, or sends it somewhere. */
export interface ResultsPlan {
  readonly type: "results";
  readonly delivery: Delivery | undefined;
}

/** Sends a context somewhere and waits for nothing. */
export interface ResultsAsyncPlan {
  readonly type: "results-async";
  readonly delivery: Delivery;
}

/** Applies a urlrewrite policy. */
export interface RewritePlan {
  readonly type: "rewrite";
  readonly policy: UrlRewritePlan;
}

/** Chooses the backend. */
export interface RouteSetPlan {
  readonly type: "route-set" | "route-action";
  readonly destination: string;
  readonly sslProfile: string;
}

/** Assigns a variable from a literal or from another variable. */
export interface SetvarPlan {
  readonly type: "setvar";
  readonly variable: string;
  readonly value: string;
}

/** Counts the message, and rejects or delays it where there are too many. */
export interface SlmPlan {
  readonly type: "slm";
  readonly policy: SlmPolicyPlan;
}

/** Where an action sends to or reads from: a URL, or the variable that will hold it. */
export interface Place {
  readonly url: string;
  readonly method: string;
  readonly sslProfile: string;
}

/** How a context is sent. Times are in milliseconds. */
export interface Delivery {
  readonly place: Place;
  readonly mode: "first-available" | "require-all" | "attempt-all";
  readonly retries: number;
  readonly retryInterval: number;
  readonly manyOutputs: boolean;
}

type ActionParts =
  | AaaPlan
  | CallPlan
  | CheckpointPlan
  | EventSinkPlan
  | FetchPlan
  | GatewayScriptPlan
  | LogPlan
  | MethodRewritePlan
  | OnErrorPlan
  | ResultsPlan
  | ResultsAsyncPlan
  | RewritePlan
  | RouteSetPlan
  | SetvarPlan
  | SlmPlan
  | XmlActionParts;

/** One processing action that is served: what every action has, and what its type has. */
export type ActionPlan = ActionCommon & ActionParts;

/** The plan of one action type. */
export type ActionOf<Type extends ActionPlan["type"]> = ActionCommon &
  Extract<ActionParts, { type: Type }>;
