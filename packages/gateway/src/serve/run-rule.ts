import type { RulePlan } from "../plan/service-plan.ts";
import type { RuleRun, RuleWorld } from "./actions/rule-run.ts";
import { runAction } from "./actions/run-action.ts";
import { type Failure, failureCodes, failureIn } from "./failure.ts";
import { type Content, emptyContent, type Transaction } from "./transaction.ts";
import { logEventOf } from "./transaction-log.ts";

const deepestCall = 32;

/**
 * Runs the actions of a rule in order. Gives the failure that ended it, or undefined. An action
 * that fails under `on-error continue` is logged and passed over.
 */
export async function runRule(
  world: RuleWorld,
  transaction: Transaction,
  rule: RulePlan,
  depth = 0,
): Promise<Failure | undefined> {
  transaction.rule = rule;
  const run: RuleRun = {
    world,
    transaction,
    runAction: (action) => runAction(run, action),
    runRule: (called, input, output) => callRule(run, called, { input, output, depth }),
  };
  let goesOn = false;
  for (const action of rule.actions) {
    if (action.type === "on-error") {
      goesOn = action.mode === "continue";
      continue;
    }
    const failure = await runAction(run, action);
    if (failure === undefined) continue;
    world.log(
      logEventOf(
        transaction,
        "80c00009",
        "error",
        `rule (${rule.name}): action ${action.name} failed: ${failure.detail ?? failure.message}`,
      ),
    );
    if (!goesOn) return failure;
  }
  return undefined;
}

async function callRule(
  { world, transaction }: RuleRun,
  rule: RulePlan,
  call: { readonly input: string; readonly output: string; readonly depth: number },
): Promise<Failure | undefined> {
  if (call.depth >= deepestCall) {
    const why = `calls deeper than ${deepestCall}`;
    return failureIn(transaction, failureCodes.dynamicExecution, why);
  }
  const caller = transaction.rule;
  const { contexts } = transaction;
  const input = contexts.get("INPUT");
  const output = contexts.get("OUTPUT");
  contexts.set("INPUT", transaction.read(call.input) ?? emptyContent);
  contexts.delete("OUTPUT");
  const failure = await runRule(world, transaction, rule, call.depth + 1);
  const result = contexts.get("OUTPUT") ?? emptyContent;
  restore(contexts, "INPUT", input);
  restore(contexts, "OUTPUT", output);
  transaction.rule = caller;
  if (failure === undefined) transaction.write(call.output, result);
  return failure;
}

function restore(contexts: Map<string, Content>, name: string, content: Content | undefined): void {
  if (content === undefined) contexts.delete(name);
  else contexts.set(name, content);
}
