import type { Log } from "../log.ts";
import type { ActionPlan, RulePlan } from "../plan/service-plan.ts";
import type { ScriptFailure, ScriptRunner } from "../script/script-runner.ts";
import type { ScriptStore, StoredScript } from "../script/script-store.ts";
import { type Failure, failureCodes, internalError } from "./fault-answer.ts";
import type { OutboundRoute } from "./outbound.ts";
import { emptyContent, type Transaction } from "./transaction.ts";
import { TransactionHost } from "./transaction-host.ts";
import { logEventOf } from "./transaction-log.ts";
import { readVariable, writeVariable } from "./variables.ts";

/** What rules need to run in. */
export interface RuleWorld {
  readonly root: string;
  readonly runner: ScriptRunner;
  readonly scripts: ScriptStore;
  readonly log: Log;
  readonly route?: OutboundRoute | undefined;
}

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
  let goesOn = false;
  for (const action of rule.actions) {
    if (action.type === "on-error") {
      goesOn = action.mode === "continue";
      continue;
    }
    const failure = await runAction(world, transaction, action, depth);
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

function runAction(
  world: RuleWorld,
  transaction: Transaction,
  action: Exclude<ActionPlan, { type: "on-error" }>,
  depth: number,
): Promise<Failure | undefined> | Failure | undefined {
  switch (action.type) {
    case "gatewayscript":
      return runScript(world, transaction, action);
    case "setvar":
      return setVariable(transaction, action);
    case "results":
      transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
      return undefined;
    case "call":
      return callRule(world, transaction, action, depth);
  }
}

function setVariable(
  transaction: Transaction,
  action: Extract<ActionPlan, { type: "setvar" }>,
): Failure | undefined {
  const value = action.value.startsWith("var://")
    ? readVariable(transaction, action.value, action.input)
    : action.value;
  try {
    writeVariable(transaction, action.variable, value, action.input);
    return undefined;
  } catch (error) {
    return failureOf(transaction, failureCodes.dynamicExecution, (error as Error).message);
  }
}

async function callRule(
  world: RuleWorld,
  transaction: Transaction,
  action: Extract<ActionPlan, { type: "call" }>,
  depth: number,
): Promise<Failure | undefined> {
  const rule = transaction.plan.rules.get(action.rule);
  if (rule === undefined || depth >= deepestCall) {
    const why = rule === undefined ? `no rule ${action.rule}` : `calls deeper than ${deepestCall}`;
    return failureOf(transaction, failureCodes.dynamicExecution, why);
  }
  const caller = transaction.rule;
  const { contexts } = transaction;
  const input = contexts.get("INPUT");
  const output = contexts.get("OUTPUT");
  contexts.set("INPUT", transaction.read(action.input) ?? emptyContent);
  contexts.delete("OUTPUT");
  const failure = await runRule(world, transaction, rule, depth + 1);
  const result = contexts.get("OUTPUT") ?? emptyContent;
  restore(contexts, "INPUT", input);
  restore(contexts, "OUTPUT", output);
  transaction.rule = caller;
  if (failure === undefined) transaction.write(action.output, result);
  return failure;
}

function restore<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function runScript(
  world: RuleWorld,
  transaction: Transaction,
  action: Extract<ActionPlan, { type: "gatewayscript" }>,
): Promise<Failure | undefined> | Failure {
  let script: StoredScript;
  try {
    script = world.scripts.load(action.file, action.location);
  } catch (error) {
    const detail = `script ${action.location}: ${(error as Error).message}`;
    return failureOf(transaction, failureCodes.script, detail);
  }
  if (world.log.writes?.("debug") !== false) {
    const text = `running the script ${action.location}`;
    world.log(logEventOf(transaction, "8580009e", "debug", text));
  }
  return new Promise((resolve) => {
    let host: TransactionHost | undefined;
    world.runner.start(
      script.run,
      script.id,
      script.usesPromises,
      (run) => {
        host = new TransactionHost({ ...world, transaction, action }, run);
        return host;
      },
      {
        done: () => resolve(outcomeOf(transaction, action, host)),
        failed: (failure) => resolve(scriptFailure(transaction, action.location, failure)),
      },
    );
  });
}

function outcomeOf(
  transaction: Transaction,
  action: ActionPlan,
  host: TransactionHost | undefined,
): Failure | undefined {
  if (host?.rejection !== undefined) {
    return {
      code: failureCodes.rejected,
      subcode: failureCodes.rejected,
      message: host.rejection || internalError,
      side: sideOf(transaction),
      detail: `rejected: ${host.rejection}`,
    };
  }
  if (host?.touched === false) {
    transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  }
  return undefined;
}

function scriptFailure(
  transaction: Transaction,
  location: string,
  failure: ScriptFailure,
): Failure {
  const detail = `script ${location}: ${failure.stack ?? failure.message}`;
  return failureOf(transaction, failureCodes.script, detail);
}

function failureOf(transaction: Transaction, code: string, detail: string): Failure {
  return { code, subcode: code, message: internalError, side: sideOf(transaction), detail };
}

function sideOf(transaction: Transaction): Failure["side"] {
  return transaction.side === "response" ? "server" : "client";
}
