import { setTimeout as sleep } from "node:timers/promises";
import { type Failure, failureCodes, failureIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ActionPlan } from "../plan/actions/action-plan.ts";

/** An asynchronous action that runs; `ended` gives its failure, and never rejects. */
export interface StartedAction {
  readonly action: ActionPlan;
  readonly ended: Promise<Failure | undefined>;
}

/** Waits for these, no longer than `timeout` milliseconds unless it is 0; gives the first failure. */
export async function joinAll(
  transaction: Transaction,
  started: readonly StartedAction[],
  timeout: number,
): Promise<Failure | undefined> {
  const all = Promise.all(started.map(({ ended }) => ended));
  const failures = timeout > 0 ? await orLate(all, timeout) : await all;
  if (failures !== "late") return failures.find((failure) => failure !== undefined);
  const why = `asynchronous actions did not end within ${timeout} ms`;
  return failureIn(transaction, failureCodes.dynamicExecution, why);
}

async function orLate<Value>(work: Promise<Value>, timeout: number): Promise<Value | "late"> {
  const ended = new AbortController();
  const late = sleep(timeout, "late" as const, { signal: ended.signal }).catch(
    () => "late" as const,
  );
  const first = await Promise.race([work, late]);
  ended.abort();
  return first;
}
