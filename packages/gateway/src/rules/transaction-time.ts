import type { Answer } from "../answer/answer.ts";
import { type Failure, failureCodes, failureIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";

/**
 * What `work` gives, or a failure when the transaction has taken longer than `limit` milliseconds
 * by then; 0 is no limit. An answer that comes too late is thrown away.
 */
export function withinTime(
  transaction: Transaction,
  limit: number,
  work: Promise<Answer | Failure>,
): Promise<Answer | Failure> {
  if (limit <= 0) return work;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      // nobody waits for the backend any more
      transaction.request.onGone?.();
      const why = `the transaction took longer than ${limit} ms`;
      resolve(failureIn(transaction, failureCodes.dynamicExecution, why));
    }, limit);
    work.then((outcome) => {
      clearTimeout(timer);
      if (!late) resolve(outcome);
      else if ("body" in outcome && !(outcome.body instanceof Uint8Array)) outcome.body.destroy();
    }, reject);
  });
}
