import { logEventOf } from "../../message/transaction-log.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { deliver } from "./deliver.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Sends the input context; what becomes of it is for the log only. */
export function runResultsAsync(run: RuleRun, action: ActionOf<"results-async">): Outcome {
  const told = (why: string): void => {
    const text = `action ${action.name}: ${why}`;
    run.world.log(logEventOf(run.transaction, "80c0000a", "warn", text));
  };
  deliver(run, { ...action, output: "NULL" }, action.delivery).then(
    (failure) => {
      if (failure !== undefined) told(failure.detail ?? failure.message);
    },
    (error: Error) => told(error.message),
  );
  return undefined;
}
