import { failureCodes, failureIn } from "../../message/failure.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";
import { placeUrl } from "./send-url.ts";

/** Runs the rule that the action, or the variable that it names, names. */
export function runCall(run: RuleRun, action: ActionOf<"call">): Outcome {
  const name = placeUrl(run, action.rule, action.input);
  const { rules, uncallable } = run.transaction.plan;
  const rule = rules.get(name);
  if (rule !== undefined) return run.runRule(rule, action.input, action.output);
  const obstacle = uncallable.get(name);
  const why =
    obstacle === undefined
      ? `there is no rule "${name}"`
      : `rule "${name}" cannot be called: ${obstacle}`;
  return failureIn(run.transaction, failureCodes.dynamicExecution, why);
}
