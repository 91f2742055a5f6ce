import { setTimeout as sleep } from "node:timers/promises";
import { type Failure, failureCodes, sideOf } from "../../message/failure.ts";
import type { Transaction } from "../../message/transaction.ts";
import { logEventOf } from "../../message/transaction-log.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { SlmClass, SlmStatement } from "../../plan/slm/slm-plan.ts";
import type { SlmCounter } from "../slm/slm-counter.ts";
import { slmCounter } from "../slm/slm-counters.ts";
import { passOn } from "./pass-on.ts";
import type { RuleRun } from "./rule-run.ts";

/** What the client is told; not verified on the product. */
const rejection = "Rejected by SLM policy";

/** Most messages of this process that wait to be let through. */
const mostShaped = 2500;
let shaped = 0;

/**
 * Counts the message by each statement of the policy. A reject fails it before it is counted; a
 * shaped one waits for its turn.
 */
export async function runSlm(run: RuleRun, action: ActionOf<"slm">): Promise<Failure | undefined> {
  const { policy } = action;
  let failure: Failure | undefined;
  for (const statement of policy.statements) {
    const outcome = await count(run, policy.name, statement);
    if (outcome === "rejected") failure = rejected(run.transaction, policy.name, statement);
    const acted = outcome !== "passes";
    if (acted && policy.evaluation === "terminate-at-first-action") break;
    if (outcome === "rejected" && policy.evaluation === "terminate-at-first-reject") break;
  }
  if (failure === undefined) passOn(run, action);
  return failure;
}

/** What one statement makes of the message. */
async function count(
  run: RuleRun,
  policy: string,
  statement: SlmStatement,
): Promise<"passes" | "acted" | "rejected"> {
  const { transaction } = run;
  const value = countedAs(transaction, statement);
  if (value === undefined) return "passes";
  const key = `${transaction.plan.domain}/${policy}`;
  const counter = slmCounter(key, statement, value, performance.now());
  const acts = counter.wait(performance.now()) > 0;
  if (acts) {
    tell(run, policy, statement, value);
    const passes = statement.action.type === "log-only" || (await shape(statement, counter));
    if (!passes) return "rejected";
  }
  const end = counter.pass(performance.now());
  if (end !== undefined) transaction.atEnd(end);
  return acts ? "acted" : "passes";
}

/** Waits until the counter lets it through; false when it must not wait. */
async function shape(statement: SlmStatement, counter: SlmCounter): Promise<boolean> {
  if (statement.action.type !== "shape" || shaped >= mostShaped) return false;
  shaped++;
  try {
    for (;;) {
      const time = counter.wait(performance.now());
      if (time <= 0) return true;
      await sleep(time);
    }
  } finally {
    shaped--;
  }
}

/** What a statement counts a message under; undefined when it is not of its classes. */
function countedAs(transaction: Transaction, statement: SlmStatement): string | undefined {
  const values: string[] = [];
  for (const each of [statement.credential, statement.resource]) {
    if (each === undefined) continue;
    const value = extract(transaction, each);
    if (value === undefined) return undefined;
    if (each.matches === undefined) values.push(value);
    else if (!each.matches(value)) return undefined;
  }
  return values.join("\n");
}

function extract(transaction: Transaction, { source, header }: SlmClass): string | undefined {
  switch (source) {
    case "client-ip":
      return transaction.request.client.replace(/:\d+$/, "");
    case "request-header":
      return transaction.request.headers.get(header);
    case "ip-from-header":
      return transaction.request.headers.get(header)?.split(",")[0]?.trim();
    case "aaa-username":
      return transaction.identity?.username;
    case "aaa-mapped-credential":
      return transaction.identity?.credential;
    case "front-url":
      return transaction.url;
  }
}

function tell(run: RuleRun, policy: string, statement: SlmStatement, value: string): void {
  const { name, priority } = statement.action;
  const shown = value.replaceAll("\n", ", ") || "all messages";
  const text = `slm-policy ${policy}: statement ${statement.id}: ${name} for ${shown}`;
  const event = logEventOf(run.transaction, "80c0000c", priority, text);
  run.world.log({ ...event, category: "slm" });
}

function rejected(transaction: Transaction, policy: string, statement: SlmStatement): Failure {
  const code = failureCodes.rejected;
  const detail = `slm-policy ${policy}: statement ${statement.id}: ${statement.action.name}`;
  return { code, subcode: code, message: rejection, side: sideOf(transaction), detail };
}
