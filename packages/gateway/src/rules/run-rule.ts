import { type Failure, thrownIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import { multistepEvent } from "../message/transaction-log.ts";
import type { ActionOf, ActionPlan } from "../plan/actions/action-plan.ts";
import type { RulePlan } from "../plan/service-plan.ts";
import type { Outcome, RuleRun, RuleWorld } from "./actions/rule-run.ts";
import { runAction } from "./actions/run-action.ts";
import { callRule } from "./call-rule.ts";
import { joinAll, type StartedAction } from "./started-actions.ts";

type Handling = ActionOf<"on-error">;

const none: readonly StartedAction[] = [];

/** Takes the failure of a rule whose run was lost with the stack. */
export type Lost = (failure: Failure) => void;

/**
 * Runs the actions of a rule in order, then waits for those that run beside it. Gives the failure
 * that ended it, or undefined; at once where no action has to be waited for. What becomes of a
 * failing action is up to the last `on-error` before it: without one, it ends the rule. With
 * `lost`, a script may be stopped together with all that waits for it: that then hears of it.
 */
export function runRule(
  world: RuleWorld,
  transaction: Transaction,
  rule: RulePlan,
  lost?: Lost,
): Outcome {
  transaction.rule = rule;
  const run = new Run(world, transaction, lost);
  const { actions } = rule;
  for (let at = 0; at < actions.length; at++) {
    const action = actions[at]!;
    const outcome = action.type === "on-error" ? undefined : run.runFirst(action);
    if (outcome !== undefined || action.type === "on-error") return goOn(run, actions, at, outcome);
    tellCompleted(run, at + 1, action);
  }
  return run.started.length === 0 ? undefined : endStarted(run, undefined);
}

/** The rest of a rule, from an action that was started with this outcome. */
async function goOn(
  run: Run,
  actions: readonly ActionPlan[],
  from: number,
  begun: Outcome,
): Promise<Failure | undefined> {
  const { transaction } = run;
  let handling: Handling | undefined;
  for (let at = from; at < actions.length; at++) {
    const action = actions[at]!;
    if (action.type === "on-error") {
      handling = action;
      continue;
    }
    let failure: Failure | undefined;
    try {
      failure = await (at === from ? begun : run.runAction(action));
    } catch (error) {
      failure = thrownIn(transaction, error);
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
  started: readonly StartedAction[] = none;
  mayBeLost = false;
  readonly #lost: Lost | undefined;

  constructor(world: RuleWorld, transaction: Transaction, lost: Lost | undefined) {
    this.world = world;
    this.transaction = transaction;
    this.#lost = lost;
  }

  /** Runs an action of the rule itself, before any of it has to be waited for. */
  runFirst(action: ActionPlan): Outcome {
    this.mayBeLost = this.#lost !== undefined && !action.asynchronous;
    try {
      return this.#run(action);
    } catch (error) {
      return thrownIn(this.transaction, error);
    }
  }

  lost(failure: Failure): void {
    tellFailed(this, this.transaction.action!, failure);
    this.#lost?.(failure);
  }

  runAction(action: ActionPlan): Outcome {
    // an action that contains others has more to do when these have ended
    this.mayBeLost = false;
    return this.#run(action);
  }

  #run(action: ActionPlan): Outcome {
    const { transaction } = this;
    transaction.action = action;
    const outcome = runAction(this, action);
    if (!action.asynchronous || !(outcome instanceof Promise)) return outcome;
    const ended = outcome.catch((error: unknown) => thrownIn(transaction, error));
    this.started = [...this.started, { action, ended }];
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

/** Waits for what still runs beside the rule; its failures are handled as those of other actions. */
async function endStarted(run: Run, handling: Handling | undefined): Promise<Failure | undefined> {
  for (let [next] = run.started; next !== undefined; [next] = run.started) {
    run.started = run.started.slice(1);
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

function tellFailed({ world, transaction }: RuleRun, action: ActionPlan, failure: Failure): void {
  const why = failure.detail ?? failure.message;
  const text = `rule (${transaction.rule?.name ?? ""}): action ${action.name} failed: ${why}`;
  world.log(multistepEvent(transaction, "80c00009", "error", text));
}

/** What the on-error action in force makes of a failure. */
async function handle(
  run: RuleRun,
  handling: Handling | undefined,
  action: ActionPlan,
  failure: Failure,
): Promise<"goes on" | { readonly failure: Failure | undefined }> {
  const { transaction } = run;
  tellFailed(run, action, failure);
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
