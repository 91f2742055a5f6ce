import { emptyContent } from "../../message/transaction.ts";
import type { ActionPlan } from "../../plan/actions/action-plan.ts";
import type { RuleRun } from "./rule-run.ts";

/** Gives the message to the output of an action that only decides whether it may go on. */
export function passOn({ transaction }: RuleRun, { input, output }: ActionPlan): void {
  if (output !== "") transaction.write(output, transaction.read(input) ?? emptyContent);
}
