import type { Answer } from "../answer/answer.ts";
import { type Failure, failureCodes, failureIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";

/** What became of a message; undefined where it is told in another way. */
type Outcome = Answer | Failure | undefined;

/**
 * What `work` gives, or a failure when the transaction has taken longer than `limit` milliseconds
 * by then; 0 is no limit. An answer that comes too late is thrown away.
 */
export function withinTime(
  transaction: Transaction,
  limit: number,
  work: Failure | Promise<Outcome>,
): Failure | Promise<Outcome> {
  if (limit <= 0 || !(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        // nobody waits for the backend any more
        transaction.request.onGone?.();
        const why = `the transaction took longer than ${limit} ms`;
        resolve(failureIn(transaction, failureCodes.dynamicExecution, why));
      },
      transaction.startedAt + limit - Date.now(),
    );
    work.then((outcome) => {
      clearTimeout(timer);
      if (!late) resolve(outcome);
      else if (outcome !== undefined && "body" in outcome && !(outcome.body instanceof Uint8Array))
        outcome.body.destroy();
    }, reject);
  });
}
