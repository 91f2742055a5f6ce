import type { LogEvent, Priority } from "../log.ts";
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
