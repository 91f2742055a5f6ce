import { emptyContent } from "../../message/transaction.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { deliver } from "./deliver.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Copies the input context to the output context, or sends it and waits. */
export function runResults(run: RuleRun, action: ActionOf<"results">): Outcome {
  if (action.delivery !== undefined) return deliver(run, action, action.delivery);
  const { transaction } = run;
  transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  return undefined;
}
