import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { rewriteMessage } from "../rewrite-message.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Applies the urlrewrite policy of the action. */
export function runRewrite({ transaction }: RuleRun, action: ActionOf<"rewrite">): Outcome {
  rewriteMessage(transaction, action.policy);
  return undefined;
}
