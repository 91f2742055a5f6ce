import { failureCodes, failureIn } from "../../message/failure.ts";
import { readVariable, writeVariable } from "../../message/variables.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Assigns the value, or what the variable that it names holds. */
export function runSetvar({ transaction }: RuleRun, action: ActionOf<"setvar">): Outcome {
  const value = action.value.startsWith("var://")
    ? readVariable(transaction, action.value, action.input)
    : action.value;
  try {
    writeVariable(transaction, action.variable, value, action.input);
    return undefined;
  } catch (error) {
    return failureIn(transaction, failureCodes.dynamicExecution, (error as Error).message);
  }
}
