import { posix } from "node:path";
import { type Answer, errorRuleAnswer, isConnectionHeader, reasonOf } from "../answer/answer.ts";
import { Headers } from "../http/headers.ts";
import type { Failure } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import { logEventOf } from "../message/transaction-log.ts";
import type { ErrorActionPlan } from "../plan/service-plan.ts";
import type { OpenedUrl } from "../script/script-host.ts";
import type { RuleWorld } from "./actions/rule-run.ts";
import { openWhole } from "./open-url.ts";
import { runRule } from "./run-rule.ts";

const typeOfExtension: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".txt": "text/plain",
  ".xml": "text/xml",
};

/**
 * The answer that the service's error policy has for the transaction's failure: of its first
 * action whose matching holds. Undefined when none matches, or that action fails itself.
 */
export async function answerByErrorPolicy(
  world: RuleWorld,
  transaction: Transaction,
  failure: Failure,
): Promise<Answer | undefined> {
  const entry = transaction.plan.errorPolicy.find(({ matches }) => matches(transaction));
  if (entry === undefined) return undefined;
  const { action } = entry;
  const answer = await answerOf(world, transaction, failure, action);
  if (typeof answer === "string") {
    const text = `error action ${action.name} failed: ${answer}`;
    world.log(logEventOf(transaction, "80c00019", "error", text));
    return undefined;
  }
  for (const [name, value] of action.headers) answer.headers.set(name, [value]);
  const status = action.status ?? answer.status;
  const reason = action.reason ?? (status === answer.status ? answer.reason : reasonOf(status));
  return { ...answer, status, reason };
}

async function answerOf(
  world: RuleWorld,
  transaction: Transaction,
  failure: Failure,
  action: ErrorActionPlan,
): Promise<Answer | string> {
  switch (action.type) {
    case "error-rule": {
      transaction.contexts.delete("OUTPUT");
      const again = await runRule(world, transaction, action.rule);
      return again === undefined
        ? errorRuleAnswer(transaction, failure)
        : (again.detail ?? again.message);
    }
    case "redirect": {
      const answer = ownAnswer(failure, 302, new Uint8Array(0));
      answer.headers.set("Location", [action.url]);
      return answer;
    }
    case "proxy": {
      const page = await open(world, transaction, action.url);
      if (typeof page === "string") return page;
      const answer = ownAnswer(failure, page.statusCode, page.body);
      for (const [name, values] of page.headers) {
        if (!isConnectionHeader(name)) answer.headers.set(name, values);
      }
      return { ...answer, reason: page.reasonPhrase };
    }
    case "static": {
      const page = await open(world, transaction, action.url);
      if (typeof page === "string") return page;
      if (page.statusCode !== 200) return `${action.url}: ${page.reasonPhrase}`;
      const answer = ownAnswer(failure, 500, page.body);
      const type = typeOfExtension[posix.extname(action.url).toLowerCase()] ?? "text/html";
      answer.headers.set("Content-Type", [type]);
      return answer;
    }
  }
}

function ownAnswer(failure: Failure, status: number, body: Uint8Array): Answer {
  const headers = Headers.of("X-Backside-Transport", "FAIL FAIL");
  const failed = status === 500 ? (failure.status ?? 500) : status;
  return { status: failed, reason: reasonOf(failed), headers, body, close: false };
}

function open(
  world: RuleWorld,
  transaction: Transaction,
  target: string,
): Promise<OpenedUrl | string> {
  const request = { target, method: "GET", headers: {}, timeout: 0, data: undefined };
  const base = { root: world.root, domain: transaction.plan.domain, urls: world.urls };
  return openWhole(request, base).catch((error: Error) => error.message);
}
