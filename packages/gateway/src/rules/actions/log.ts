import { logEventOf } from "../../message/transaction-log.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { deliver } from "./deliver.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Most bytes of a message that go into one line of the log. */
const longestLine = 16 * 1024;

/** Writes the input context to the log, or sends it to the action's destination. */
export function runLog(run: RuleRun, action: ActionOf<"log">): Outcome {
  const { world, transaction } = run;
  if (action.delivery !== undefined) return deliver(run, action, action.delivery);
  const bytes = transaction.read(action.input)?.bytes ?? new Uint8Array(0);
  const text = Buffer.from(bytes.subarray(0, longestLine)).toString("utf8");
  const event = logEventOf(transaction, "80c0000b", action.level, text);
  world.log({ ...event, category: action.category });
  return undefined;
}
