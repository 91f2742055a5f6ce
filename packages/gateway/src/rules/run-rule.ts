import { type Failure, failureCodes, failureIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import { multistepEvent } from "../message/transaction-log.ts";
import type { ActionOf, ActionPlan } from "../plan/actions/action-plan.ts";
import type { RulePlan } from "../plan/service-plan.ts";
import type { Outcome, RuleRun, RuleWorld } from "./actions/rule-run.ts";
import { runAction } from "./actions/run-action.ts";
import { callRule } from "./call-rule.ts";
import { joinAll, type StartedAction } from "./started-actions.ts";

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
  const run = new Run(world, transaction);
  let handling: Handling | undefined;
  for (const [at, action] of rule.actions.entries()) {
    if (action.type === "on-error") {
      handling = action;
      continue;
    }
    let failure: Failure | undefined;
    try {
      const outcome = run.runAction(action);
      failure = outcome instanceof Promise ? await outcome : outcome;
    } catch (error) {
      failure = thrown(transaction, error as Error);
    }
    if (failure === undefined) {
      tellCompleted(run, at + 1, action);
      continue;
    }
    const end = await handle(run, handling, action, failure);
    if (end !== "goes on") return end.failure;
  }
  return run.started.length === 0 ? undefined : endStarted(run, handling);
}

/** What the actions of one rule see of its run. */
class Run implements RuleRun {
  readonly world: RuleWorld;
  readonly transaction: Transaction;
  /** Asynchronous actions that nobody has waited for yet. */
  started: StartedAction[] = [];

  constructor(world: RuleWorld, transaction: Transaction) {
    this.world = world;
    this.transaction = transaction;
  }

  runAction(action: ActionPlan): Outcome {
    const { transaction } = this;
    transaction.action = action;
    const outcome = runAction(this, action);
    if (!action.asynchronous || !(outcome instanceof Promise)) return outcome;
    const ended = outcome.catch((error: Error) => thrown(transaction, error));
    this.started.push({ action, ended });
    return undefined;
  }

  runRule(rule: RulePlan, input: string, output: string): Promise<Failure | undefined> {
    const { world, transaction } = this;
    return callRule(transaction, rule, input, output, () => runRule(world, transaction, rule));
  }

  join(names: readonly string[], timeout: number): Promise<Failure | undefined> {
    const chosen = this.started.filter(
      ({ action }) => names.length === 0 || names.includes(action.name),
    );
    this.started = this.started.filter((each) => !chosen.includes(each));
    return joinAll(this.transaction, chosen, timeout);
  }
}

function thrown(transaction: Transaction, error: Error): Failure {
  return failureIn(transaction, failureCodes.dynamicExecution, error.stack ?? error.message);
}

/** Waits for what still runs beside the rule; its failures are handled as those of other actions. */
async function endStarted(run: Run, handling: Handling | undefined): Promise<Failure | undefined> {
  for (let next = run.started.shift(); next !== undefined; next = run.started.shift()) {
    const failure = await next.ended;
    if (failure === undefined) continue;
    const end = await handle(run, handling, next.action, failure);
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
