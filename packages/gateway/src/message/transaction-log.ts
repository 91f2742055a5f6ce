import type { Log, LogEvent, Priority } from "../log.ts";
import type { PolicyEntry } from "../plan/service-plan.ts";
import type { Transaction } from "./transaction.ts";

/** A log event of a transaction, in the category of its service and about its service unless changed. */
export function logEventOf(
  transaction: Transaction,
  code: string,
  priority: Priority,
  text: string,
): LogEvent {
  const { plan, id, side, globalId, request } = transaction;
  return {
    domain: plan.domain,
    code,
    category: plan.alias,
    priority,
    object: { kind: plan.alias, name: plan.name },
    transaction: { id, side, globalId, client: request.client.replace(/:\d+$/, "") },
    text,
  };
}

/** The same in category `multistep`: what rules and actions do. */
export function multistepEvent(
  transaction: Transaction,
  code: string,
  priority: Priority,
  text: string,
): LogEvent {
  return { ...logEventOf(transaction, code, priority, text), category: "multistep" };
}

/** Tells which rule was chosen for a message, and why. */
export function tellRule(log: Log, transaction: Transaction, entry: PolicyEntry): void {
  if (log.writes?.("debug") === false) return;
  const { policyName } = transaction.plan;
  const text = `rule (${entry.rule.name}): selected via match '${entry.matching}' from processing policy '${policyName}'`;
  log(multistepEvent(transaction, "80c00004", "debug", text));
}
