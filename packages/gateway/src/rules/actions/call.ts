import { failureCodes, failureIn } from "../../message/failure.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";
import { placeUrl } from "./send-url.ts";

/** Runs the rule that the action, or the variable that it names, names. */
export function runCall(run: RuleRun, action: ActionOf<"call">): Outcome {
  const name = placeUrl(run, action.rule, action.input);
  const rule = run.transaction.plan.rules.get(name);
  if (rule !== undefined) return run.runRule(rule, action.input, action.output);
  const why = `there is no rule "${name}" that can be called`;
  return failureIn(run.transaction, failureCodes.dynamicExecution, why);
}
