import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { failureCodes, failureIn } from "../failure.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Runs the rule that the action names. */
export function runCall(run: RuleRun, action: ActionOf<"call">): Outcome {
  const rule = run.transaction.plan.rules.get(action.rule);
  if (rule !== undefined) return run.runRule(rule, action.input, action.output);
  return failureIn(run.transaction, failureCodes.dynamicExecution, `no rule ${action.rule}`);
}
