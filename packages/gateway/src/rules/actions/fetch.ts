import { type Failure, failureCodes, failureIn } from "../../message/failure.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { RuleRun } from "./rule-run.ts";
import { sendUrl } from "./send-url.ts";

/** Puts what the URL leads to into the output context. */
export async function runFetch(
  run: RuleRun,
  action: ActionOf<"fetch">,
): Promise<Failure | undefined> {
  const { place, input } = action;
  const answer = await sendUrl(run, { place, context: input, content: undefined });
  if (typeof answer === "string") {
    return failureIn(run.transaction, failureCodes.backendConnection, answer);
  }
  run.transaction.write(action.output, { bytes: answer.body, form: "message" });
  return undefined;
}
