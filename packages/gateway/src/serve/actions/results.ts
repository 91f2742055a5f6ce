import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { emptyContent } from "../transaction.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Copies the input context to the output context. */
export function runResults({ transaction }: RuleRun, action: ActionOf<"results">): Outcome {
  transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  return undefined;
}
