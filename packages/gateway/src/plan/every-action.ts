import type { ActionPlan } from "./actions/action-plan.ts";
import type { RulePlan } from "./service-plan.ts";

/** Every action of these rules, those within others too. */
export function* everyAction(rules: Iterable<RulePlan>): Generator<ActionPlan> {
  for (const rule of rules) yield* within(rule.actions);
}

function* within(actions: readonly ActionPlan[]): Generator<ActionPlan> {
  for (const action of actions) {
    yield action;
    if (action.inner !== undefined) yield* within(action.inner);
  }
}
