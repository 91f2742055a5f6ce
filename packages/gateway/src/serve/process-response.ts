import type { Readable } from "node:stream";
import type { Answer } from "../answer/answer.ts";
import { ProxiedAnswer } from "../answer/proxied-answer.ts";
import { type BackendAnswer, discard } from "../backside/exchange.ts";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import { type Failure, failureCodes, failureIn, internalError } from "../message/failure.ts";
import { emptyContent, type Transaction } from "../message/transaction.ts";
import { tellRule } from "../message/transaction-log.ts";
import type { MessageType, ServicePlan } from "../plan/service-plan.ts";
import { findRule } from "../rules/find-rule.ts";
import { readMessage } from "../rules/message-types.ts";
import { rewriteMessage } from "../rules/rewrite-message.ts";
import { runRule } from "../rules/run-rule.ts";
import type { ServiceWorld } from "./service-world.ts";

/** Most bytes of one message that are kept in memory where the service sets no limit. */
export const largestMessage = 64 * 1024 * 1024;

/**
 * Takes a backend's answer through its service: response rule, unless nothing has to look into it.
 * Gives what the client gets, at once where nothing has to be waited for.
 */
export function processResponse(
  world: ServiceWorld,
  transaction: Transaction,
  answer: BackendAnswer,
): Answer | Failure | Promise<Answer | Failure> {
  transaction.respondedAt = Date.now();
  transaction.side = "response";
  const { plan } = world;
  const proxies = answer.status >= 400 && transaction.proxiesErrors;
  if (answer.status >= 400 && !plan.processHttpErrors && !proxies) {
    discard(answer.body);
    transaction.answerStatus ??= answer.status;
    transaction.answerReason ??= answer.reason;
    const code = failureCodes.responseCode;
    return failureIn(transaction, code, `the backend answered ${answer.status}`);
  }
  transaction.original = answer.headers;
  transaction.received = answer;
  transaction.current = answer.headers.copy();
  if (plan.urlRewrite !== undefined) rewriteMessage(transaction, plan.urlRewrite);
  if (plan.responseType === "unprocessed" || proxies) {
    return new ProxiedAnswer(transaction, answer);
  }
  // a stream can only go through where nothing has to look into it
  if (plan.responseType === "preprocessed" && !plan.policy.some((entry) => entry.readsContent)) {
    const entry = findRule(transaction, plan.policy, "response-rule");
    if (entry === undefined) return new ProxiedAnswer(transaction, answer);
  }
  return processWhole(world, transaction, answer);
}

async function processWhole(
  world: ServiceWorld,
  transaction: Transaction,
  answer: BackendAnswer,
): Promise<Answer | Failure> {
  const { plan } = world;
  const { body } = answer;
  const bytes = body instanceof Uint8Array ? body : await collect(body, plan);
  if (bytes instanceof TooLarge) {
    discard(body);
    return failed("server", bytes.message);
  }
  transaction.responseSize = bytes.length;
  if (skipsRules(plan, plan.responseType, bytes)) {
    return new ProxiedAnswer(transaction, answer, bytes);
  }
  const message = readMessage(transaction, world.schemas, plan.responseType, bytes);
  if (typeof message === "string") return failed("server", `the backend's answer ${message}`);
  transaction.contexts.set("INPUT", message);
  const entry = findRule(transaction, plan.policy, "response-rule");
  if (entry === undefined) return new ProxiedAnswer(transaction, answer, bytes);
  transaction.contexts.delete("OUTPUT");
  tellRule(world.log, transaction, entry);
  const failure = await runRule(world, transaction, entry.rule);
  if (failure !== undefined) return failure;
  return new ProxiedAnswer(transaction, answer, (transaction.read("OUTPUT") ?? emptyContent).bytes);
}

/** All of a body, where it is no larger than the service allows. */
export function collect(body: Readable, plan: ServicePlan): Promise<Uint8Array | TooLarge> {
  return collectBody(body, plan.maxMessageBytes || largestMessage);
}

/** Rules run on nothing only for opaque messages, and where the service wants them to. */
export function skipsRules(plan: ServicePlan, type: MessageType, bytes: Uint8Array): boolean {
  return type !== "preprocessed" && bytes.length === 0 && !plan.forcePolicyExec;
}

/** The failure of a message that cannot be taken. */
export function failed(side: Failure["side"], detail: string): Failure {
  const code = failureCodes.dynamicExecution;
  return { code, subcode: code, message: internalError, side, detail };
}
