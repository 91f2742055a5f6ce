import { type Answer, defaultErrorAnswer, errorRuleAnswer } from "../answer/answer.ts";
import { type Failure, failureCodes } from "../message/failure.ts";
import { emptyContent, type Transaction } from "../message/transaction.ts";
import { logEventOf, tellRule } from "../message/transaction-log.ts";
import type { RuleWorld } from "./actions/rule-run.ts";
import { answerByErrorPolicy } from "./error-policy.ts";
import { findRule } from "./find-rule.ts";
import { runRule } from "./run-rule.ts";

/**
 * The answer to a failure: of the rule that an on-error action named, else of the policy's error
 * rule, else of the service's error policy, else the default one. A rule that fails itself gives
 * the default answer to its own failure.
 */
export async function answerFailure(
  world: RuleWorld,
  transaction: Transaction,
  failure: Failure,
): Promise<Answer> {
  transaction.side = "error";
  transaction.failure = failure;
  if (failure.code !== failureCodes.responseCode) {
    transaction.answerStatus = undefined;
    transaction.answerReason = undefined;
  }
  const text = `${failure.message} (${failure.code}): ${failure.detail ?? ""}`;
  world.log(logEventOf(transaction, failure.code.slice(2), "error", text));
  const entry = findRule(transaction, transaction.plan.policy, "error-rule");
  const rule = failure.handler?.rule ?? entry?.rule;
  if (rule === undefined) {
    world.log(logEventOf(transaction, "80c00017", "info", "no error rule matches"));
    return (
      (await answerByErrorPolicy(world, transaction, failure)) ??
      defaultErrorAnswer(failure, transaction)
    );
  }
  if (failure.handler === undefined && entry !== undefined) {
    tellRule(world.log, transaction, entry);
  }
  const { contexts } = transaction;
  if (failure.handler !== undefined) {
    contexts.set("INPUT", transaction.read(failure.handler.input) ?? emptyContent);
  }
  contexts.delete("OUTPUT");
  const again = await runRule(world, transaction, rule);
  if (again === undefined) {
    return errorRuleAnswer(transaction, failure, failure.handler?.output);
  }
  world.log(logEventOf(transaction, "80c00018", "error", `error rule ${rule.name} failed`));
  return (
    (await answerByErrorPolicy(world, transaction, again)) ?? defaultErrorAnswer(again, transaction)
  );
}
