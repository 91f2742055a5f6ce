import type { Transaction } from "../message/transaction.ts";
import type { Direction, PolicyEntry } from "../plan/service-plan.ts";

/** The first pair of the policy whose matching holds and whose rule is for this direction. */
export function findRule(
  transaction: Transaction,
  policy: readonly PolicyEntry[],
  direction: Exclude<Direction, "rule">,
): PolicyEntry | undefined {
  return policy.find(({ rule, matches }) => {
    const both = rule.direction === "rule" && direction !== "error-rule";
    return (both || rule.direction === direction) && matches(transaction);
  });
}
