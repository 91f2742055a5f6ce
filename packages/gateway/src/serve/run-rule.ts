import { setTimeout as sleep } from "node:timers/promises";
import type { ActionOf, ActionPlan } from "../plan/actions/action-plan.ts";
import type { RulePlan } from "../plan/service-plan.ts";
import type { Outcome, RuleRun, RuleWorld } from "./actions/rule-run.ts";
import { runAction } from "./actions/run-action.ts";
import { callRule } from "./call-rule.ts";
import { type Failure, failureCodes, failureIn } from "./failure.ts";
import type { Transaction } from "./transaction.ts";
import { multistepEvent } from "./transaction-log.ts";

type Handling = ActionOf<"on-error">;

/**
 * Runs the actions of a rule in order, then waits for those that run beside it. Gives the failure
 * that ended it, or undefined. What becomes of a failing action is up to the last `on-error`
 * before it: without one, it ends the rule.
 */
export async function runRule(
  world: RuleWorld,
  transaction: Transaction,
  rule: RulePlan,
): Promise<Failure | undefined> {
  transaction.rule = rule;
  const pending = new Map<string, Promise<Failure | undefined>>();
  const run: RuleRun = {
    world,
    transaction,
    runAction: (action) => perform(run, action, pending),
    runRule: (called, input, output) =>
      callRule(transaction, called, input, output, () => runRule(world, transaction, called)),
    join: (names, timeout) => join(transaction, pending, names, timeout),
  };
  let handling: Handling | undefined;
  for (const [at, action] of rule.actions.entries()) {
    if (action.type === "on-error") {
      handling = action;
      continue;
    }
    const outcome = perform(run, action, pending);
    const failure = outcome instanceof Promise ? await outcome : outcome;
    if (failure === undefined) {
      tellCompleted(run, at + 1, action);
      continue;
    }
    const end = await handle(run, handling, action, failure);
    if (end !== "goes on") return end.failure;
  }
  return pending.size === 0 ? undefined : endPending(run, pending, rule, handling);
}

/** Waits for what still runs beside the rule; its failures are handled as those of other actions. */
async function endPending(
  run: RuleRun,
  pending: Map<string, Promise<Failure | undefined>>,
  rule: RulePlan,
  handling: Handling | undefined,
): Promise<Failure | undefined> {
  while (pending.size > 0) {
    const [name = ""] = pending.keys();
    const failure = await join(run.transaction, pending, [name], 0);
    const action = rule.actions.find((each) => each.name === name);
    if (failure === undefined || action === undefined) continue;
    const end = await handle(run, handling, action, failure);
    if (end !== "goes on") return end.failure;
  }
  return undefined;
}

function tellCompleted({ world, transaction }: RuleRun, place: number, action: ActionPlan): void {
  if (world.log.writes?.("debug") === false) return;
  const rule = transaction.rule?.name ?? "";
  const text = `rule (${rule}): #${place} ${action.type}: ${action.name} completed`;
  world.log(multistepEvent(transaction, "80c00002", "debug", text));
}

/** Starts an action; one that is asynchronous goes to those that are waited for later. */
function perform(
  run: RuleRun,
  action: ActionPlan,
  pending: Map<string, Promise<Failure | undefined>>,
): Outcome {
  const { transaction } = run;
  transaction.action = action;
  if (!action.asynchronous || action.type === "event-sink") return runAction(run, action);
  const started = Promise.resolve(runAction(run, action)).catch((error: Error) =>
    failureIn(transaction, failureCodes.dynamicExecution, error.message),
  );
  pending.set(action.name, started);
  return undefined;
}

/** Waits for these, or for all; those waited for are taken out. */
async function join(
  transaction: Transaction,
  pending: Map<string, Promise<Failure | undefined>>,
  names: readonly string[],
  timeout: number,
): Promise<Failure | undefined> {
  const chosen = names.length === 0 ? [...pending.keys()] : names;
  const all = Promise.all(chosen.map((name) => pending.get(name)));
  const ended = new AbortController();
  const late = sleep(timeout, "late" as const, { signal: ended.signal }).catch(
    () => "late" as const,
  );
  const failures = timeout > 0 ? await Promise.race([all, late]) : await all;
  ended.abort();
  for (const name of chosen) pending.delete(name);
  if (failures !== "late") return failures.find((failure) => failure !== undefined);
  const why = `asynchronous actions did not end within ${timeout} ms`;
  return failureIn(transaction, failureCodes.dynamicExecution, why);
}

/** What the on-error action in force makes of a failure. */
async function handle(
  run: RuleRun,
  handling: Handling | undefined,
  action: ActionPlan,
  failure: Failure,
): Promise<"goes on" | { readonly failure: Failure | undefined }> {
  const { transaction, world } = run;
  const name = transaction.rule?.name ?? "";
  const why = failure.detail ?? failure.message;
  const text = `rule (${name}): action ${action.name} failed: ${why}`;
  world.log(multistepEvent(transaction, "80c00009", "error", text));
  if (handling === undefined || failure.handler !== undefined) return { failure };
  transaction.failure = failure;
  const rule = transaction.plan.rules.get(handling.rule);
  const input = handling.errorInput || action.input;
  switch (handling.mode) {
    case "abort":
      if (rule === undefined) return { failure };
      return {
        failure: {
          ...failure,
          handler: { rule, input, output: handling.errorOutput || "OUTPUT" },
        },
      };
    case "continue": {
      if (rule === undefined) return "goes on";
      const output = handling.errorOutput || action.output || "NULL";
      const again = await run.runRule(rule, input, output);
      return again === undefined ? "goes on" : { failure: again };
    }
    case "alternative": {
      if (rule === undefined) return { failure };
      return { failure: await run.runRule(rule, input, handling.errorOutput || "OUTPUT") };
    }
  }
}
