import type { Readable } from "node:stream";
import { type Answer, defaultErrorAnswer, skippedAnswer } from "../answer/answer.ts";
import { ProxiedAnswer } from "../answer/proxied-answer.ts";
import { upgradedAnswer } from "../answer/upgraded-answer.ts";
import { type BackendAnswer, discard } from "../backside/exchange.ts";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import { arrivingHeaders } from "../message/arriving-headers.ts";
import {
  type Failure,
  failureCodes,
  failureIn,
  internalError,
  thrownIn,
} from "../message/failure.ts";
import {
  type Content,
  emptyContent,
  type IncomingRequest,
  Transaction,
} from "../message/transaction.ts";
import { tellRule } from "../message/transaction-log.ts";
import { readVariable } from "../message/variables.ts";
import type { MessageType, ServicePlan } from "../plan/service-plan.ts";
import { answerFailure } from "../rules/answer-failure.ts";
import { findRule } from "../rules/find-rule.ts";
import { readMessage } from "../rules/message-types.ts";
import { rewriteMessage } from "../rules/rewrite-message.ts";
import { type Lost, runRule } from "../rules/run-rule.ts";
import { withinTime } from "../rules/transaction-time.ts";
import type { ServiceWorld } from "./service-world.ts";

const noBytes = new Uint8Array(0);

/** Most bytes of one message that are kept in memory where the service sets no limit. */
export const largestMessage = 64 * 1024 * 1024;

/** What becomes of a message: at once where nothing had to be waited for. */
type Result = Answer | Failure | Promise<Answer | Failure>;

/**
 * Takes one request through its service: request rule, backend unless it is skipped, response
 * rule; on failure the error rule, else the default error. `respond` hears the answer, always, and
 * before this returns where nothing has to be waited for.
 */
export function processMessage(
  world: ServiceWorld,
  request: IncomingRequest,
  body: Readable | undefined,
  respond: (answer: Answer) => void,
): void {
  const begun = world.meter.begin();
  const transaction = new Transaction(world.plan, request, (own) =>
    arrivingHeaders(world.plan, world.backend.via, own),
  );
  const finish = (answer: Answer): void => {
    endMessage(world, transaction, answer, begun);
    respond(answer);
  };
  const answerLater = (result: Failure | Promise<Answer | Failure>): void =>
    void answerLate(world, transaction, result).then(finish);
  const result = beginMessage(world, transaction, body, answerLater);
  if (result instanceof Promise || "code" in result) answerLater(result);
  else finish(result);
}

function beginMessage(
  world: ServiceWorld,
  transaction: Transaction,
  body: Readable | undefined,
  lost: Lost,
): Result {
  try {
    const result = processRequest(world, transaction, body, lost);
    const late = result instanceof Promise || "code" in result;
    if (!late) editFrontHeaders(world.plan, result);
    return result;
  } catch (error) {
    return thrownIn(transaction, error);
  }
}

/** Takes note of an answer that stands. */
function endMessage(
  world: ServiceWorld,
  transaction: Transaction,
  answer: Answer,
  begun: number,
): void {
  transaction.end();
  const took = world.meter.end(begun, answer.status);
  world.access?.(transaction, answer, took);
  world.observe?.({
    domain: world.plan.domain,
    service: world.plan.name,
    variable: (url) => readVariable(transaction, url, "INPUT"),
  });
  transaction[Symbol.dispose]();
}

/** The answer where it has to be waited for, or where there was a failure. */
async function answerLate(
  world: ServiceWorld,
  transaction: Transaction,
  result: Failure | Promise<Answer | Failure>,
): Promise<Answer> {
  try {
    const answer = await withinTime(transaction, world.plan.transactionTimeout, result);
    if ("code" in answer) return await answerFailure(world, transaction, answer);
    editFrontHeaders(world.plan, answer);
    return answer;
  } catch (error) {
    const failure = thrownIn(transaction, error);
    return answerFailure(world, transaction, failure).catch(() => defaultErrorAnswer(failure));
  }
}

function processRequest(
  world: ServiceWorld,
  transaction: Transaction,
  body: Readable | undefined,
  lost: Lost,
): Result {
  const { plan } = world;
  if (plan.loopDetection && passedBefore(world, transaction)) {
    return failed("client", "the request has passed this gateway before");
  }
  if (plan.requestType === "unprocessed") {
    if (plan.urlRewrite !== undefined) rewriteMessage(transaction, plan.urlRewrite);
    return forward(world, transaction, body ?? noBytes);
  }
  if (body === undefined) return processWhole(world, transaction, noBytes, lost);
  return collect(body, plan).then((bytes) =>
    bytes instanceof TooLarge
      ? failed("client", bytes.message)
      : processWhole(world, transaction, bytes, lost),
  );
}

/** The same, once the request is there with all of its body. */
function processWhole(
  world: ServiceWorld,
  transaction: Transaction,
  arrived: Uint8Array,
  lost: Lost,
): Result {
  const { plan } = world;
  const bytes = rewritten(transaction, arrived);
  const message = readMessage(transaction, world.schemas, plan.requestType, bytes);
  const input = typeof message === "string" ? formOf(transaction, bytes) : message;
  if (input === undefined) return failed("client", `the request ${message}`);
  transaction.contexts.set("INPUT", input);
  if (skipsRules(plan, plan.requestType, bytes)) {
    if (plan.backend.type === "loopback") return skippedAnswer(transaction);
    return forward(world, transaction, bytes);
  }
  const entry = findRule(transaction, plan.policy, "request-rule");
  if (entry === undefined) return failed("client", "no rule of the policy matches the request");
  tellRule(world.log, transaction, entry);
  const outcome = runRule(world, transaction, entry.rule, lost);
  return outcome instanceof Promise
    ? outcome.then((failure) => afterRequestRule(world, transaction, failure))
    : afterRequestRule(world, transaction, outcome);
}

function afterRequestRule(
  world: ServiceWorld,
  transaction: Transaction,
  failure: Failure | undefined,
): Result {
  if (failure !== undefined) return failure;
  const answered = transaction.skipsBackside || world.plan.backend.type === "loopback";
  if (answered) return skippedAnswer(transaction);
  return forward(world, transaction, (transaction.read("OUTPUT") ?? emptyContent).bytes);
}

async function forward(
  world: ServiceWorld,
  transaction: Transaction,
  body: Uint8Array | Readable,
): Promise<Answer | Failure> {
  transaction.forwardedAt = Date.now();
  const answer =
    transaction.request.upgrade === undefined
      ? await new Promise<BackendAnswer | Failure>((resolve) =>
          world.backend.send(transaction, body, resolve),
        )
      : await world.backend.upgrade(transaction);
  world.meter.backend("status" in answer ? answer.status : undefined);
  if ("socket" in answer) return upgradedAnswer(answer);
  if (!("body" in answer)) return answer;
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
  return await processResponse(world, transaction, answer);
}

async function processResponse(
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

/** The request's body once the service's urlrewrite policy has seen the request. */
function rewritten(transaction: Transaction, bytes: Uint8Array): Uint8Array {
  const { urlRewrite } = transaction.plan;
  if (urlRewrite === undefined) return bytes;
  transaction.contexts.set("INPUT", { bytes, form: "message" });
  rewriteMessage(transaction, urlRewrite);
  return transaction.contexts.get("INPUT")!.bytes;
}

/** RFC 9110, 7.6.3: a request that holds the name that this gateway gives itself has been here. */
function passedBefore({ backend }: ServiceWorld, { request }: Transaction): boolean {
  return request.headers.values("via").some((value) => value.includes(backend.via));
}

/** `inject front` and `suppress front`: what the client gets. */
function editFrontHeaders(plan: ServicePlan, answer: Answer): void {
  for (const { side, name, value } of plan.headerEdits) {
    if (side === "front") answer.headers.set(name, value === undefined ? [] : [value]);
  }
}

/** A request that is no XML where the rule for it begins with making it XML. */
function formOf(transaction: Transaction, bytes: Uint8Array): Content | undefined {
  const { plan } = transaction;
  const content: Content = { bytes, form: "message" };
  transaction.contexts.set("INPUT", content);
  const first = findRule(transaction, plan.policy, "request-rule")?.rule.actions[0];
  return plan.requestType === "xml" && first?.type === "convert-http" ? content : undefined;
}

function collect(body: Readable, plan: ServicePlan): Promise<Uint8Array | TooLarge> {
  return collectBody(body, plan.maxMessageBytes || largestMessage);
}

/** Rules run on nothing only for opaque messages, and where the service wants them to. */
function skipsRules(plan: ServicePlan, type: MessageType, bytes: Uint8Array): boolean {
  return type !== "preprocessed" && bytes.length === 0 && !plan.forcePolicyExec;
}

function failed(side: Failure["side"], detail: string): Failure {
  const code = failureCodes.dynamicExecution;
  return { code, subcode: code, message: internalError, side, detail };
}
