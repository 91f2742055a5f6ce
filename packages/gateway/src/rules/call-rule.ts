import { type Failure, failureCodes, failureIn } from "../message/failure.ts";
import { type Content, emptyContent, type Transaction } from "../message/transaction.ts";
import type { RulePlan } from "../plan/service-plan.ts";
import type { Outcome } from "./actions/rule-run.ts";

/** Default of var://service/max-call-depth. */
const deepestCall = 128;

/**
 * Runs a rule inside another: on what `input` holds, as its INPUT; what it leaves in its OUTPUT
 * goes to `output`. The caller's own INPUT and OUTPUT are as before.
 */
export async function callRule(
  transaction: Transaction,
  rule: RulePlan,
  input: string,
  output: string,
  body: () => Outcome,
): Promise<Failure | undefined> {
  const asked = Number(transaction.service.get("max-call-depth") ?? deepestCall);
  const deepest = asked >= 0 && asked < deepestCall ? asked : deepestCall;
  if (transaction.callDepth >= deepest) {
    const why = `rule ${rule.name}: calls deeper than ${deepest}`;
    return failureIn(transaction, failureCodes.dynamicExecution, why);
  }
  const caller = transaction.rule;
  const { contexts } = transaction;
  const before = { input: contexts.get("INPUT"), output: contexts.get("OUTPUT") };
  contexts.set("INPUT", transaction.read(input) ?? emptyContent);
  contexts.delete("OUTPUT");
  transaction.callDepth++;
  try {
    const failure = await body();
    const result = contexts.get("OUTPUT") ?? emptyContent;
    restore(contexts, "INPUT", before.input);
    restore(contexts, "OUTPUT", before.output);
    if (failure === undefined) transaction.write(output, result);
    return failure;
  } finally {
    transaction.callDepth--;
    transaction.rule = caller;
  }
}

function restore(
  contexts: Transaction["contexts"],
  name: string,
  content: Content | undefined,
): void {
  if (content === undefined) contexts.delete(name);
  else contexts.set(name, content);
}
