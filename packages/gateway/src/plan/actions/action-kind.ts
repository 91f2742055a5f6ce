import type { ConfigDomain, ConfigObject, PropertyLine } from "../../config/model.ts";
import type { Refusals } from "../refusals.ts";
import type { RulePlan } from "../service-plan.ts";
import type { ActionCommon, ActionPlan } from "./action-plan.ts";

/** One action type: the properties that it serves, and how an object becomes a plan. */
export interface ActionKind {
  /** Properties with an effect here; every other one must be inert or at its default. */
  readonly served: readonly string[];
  /** `common.input` is INPUT where nothing is set, `common.output` then is "". */
  plan(planner: RulePlanner, action: ConfigObject, common: ActionCommon): ActionPlan | undefined;
}

/** What compiling rules and actions needs and what it gathers on the way. */
export interface RulePlanner {
  readonly root: string;
  readonly domain: ConfigDomain;
  readonly refusals: Refusals;
  /** Rules compiled so far, by name; rules that `call` names are added. */
  readonly rules: Map<string, RulePlan>;
  /** Rules that {@link everyRule} had to leave out, with the first reason of each. */
  readonly uncallable: Map<string, string>;
  /** The plan of a rule that `by` names at `line`; undefined, and refused, when there is none. */
  ruleNamed(name: string, by: ConfigObject, line: PropertyLine | undefined): RulePlan | undefined;
  /** Plans every rule of the domain that can be served: for a name known only at run time. */
  everyRule(): void;
  /** The same for an action: for actions that contain others. */
  actionNamed(
    name: string,
    by: ConfigObject,
    line: PropertyLine | undefined,
  ): ActionPlan | undefined;
}
