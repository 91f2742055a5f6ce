import type { Readable } from "node:stream";
import { type Answer, defaultErrorAnswer, skippedAnswer } from "../answer/answer.ts";
import type { BackendAnswer } from "../backside/exchange.ts";
import { TooLarge } from "../http/collect-body.ts";
import { type Failure, thrownIn } from "../message/failure.ts";
import {
  type Content,
  emptyContent,
  type IncomingRequest,
  Transaction,
} from "../message/transaction.ts";
import { tellRule } from "../message/transaction-log.ts";
import { readVariable } from "../message/variables.ts";
import type { PolicyEntry, ServicePlan } from "../plan/service-plan.ts";
import { answerFailure } from "../rules/answer-failure.ts";
import { findRule } from "../rules/find-rule.ts";
import { readMessage } from "../rules/message-types.ts";
import { rewriteMessage } from "../rules/rewrite-message.ts";
import { runRule } from "../rules/run-rule.ts";
import { withinTime } from "../rules/transaction-time.ts";
import { collect, failed, processResponse, skipsRules } from "./process-response.ts";
import type { ServiceWorld } from "./service-world.ts";

const noBytes = new Uint8Array(0);

/** What becomes of a message: at once where nothing had to be waited for; undefined for later. */
type Result = Answer | Failure | Promise<Answer | Failure | undefined> | undefined;

/** Hears what became of a message, once, when its result was undefined or is lost. */
type Later = (result: Answer | Failure | Promise<Answer | Failure | undefined>) => void;

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
  const transaction = new Transaction(world.plan, request, world.backend.arriving);
  const later: Later = (result) => {
    if (result instanceof Promise || "code" in result) {
      void answerLate(world, transaction, result).then((answer) => answer && later(answer));
      return;
    }
    endMessage(world, transaction, result, begun);
    respond(result);
  };
  const result = beginMessage(world, transaction, body, later);
  if (result !== undefined) later(result);
}

function beginMessage(
  world: ServiceWorld,
  transaction: Transaction,
  body: Readable | undefined,
  later: Later,
): Result {
  try {
    return edited(world.plan, processRequest(world, transaction, body, later));
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
  result: Failure | Promise<Answer | Failure | undefined>,
): Promise<Answer | undefined> {
  try {
    const answer = await withinTime(transaction, world.plan.transactionTimeout, result);
    if (answer === undefined) return undefined;
    const standing = "code" in answer ? await answerFailure(world, transaction, answer) : answer;
    return edited(world.plan, standing);
  } catch (error) {
    const failure = thrownIn(transaction, error);
    const last = answerFailure(world, transaction, failure);
    return edited(world.plan, await last.catch(() => defaultErrorAnswer(failure)));
  }
}

function processRequest(
  world: ServiceWorld,
  transaction: Transaction,
  body: Readable | undefined,
  later: Later,
): Result {
  const { plan } = world;
  if (plan.loopDetection && passedBefore(world, transaction)) {
    return failed("client", "the request has passed this gateway before");
  }
  if (plan.requestType === "unprocessed") {
    if (plan.urlRewrite !== undefined) rewriteMessage(transaction, plan.urlRewrite);
    return forward(world, transaction, body ?? noBytes, later);
  }
  if (body === undefined) return processWhole(world, transaction, noBytes, later);
  return collect(body, plan).then((bytes) =>
    bytes instanceof TooLarge
      ? failed("client", bytes.message)
      : processWhole(world, transaction, bytes, later),
  );
}

/** The same, once the request is there with all of its body. */
function processWhole(
  world: ServiceWorld,
  transaction: Transaction,
  arrived: Uint8Array,
  later: Later,
): Result {
  const { plan } = world;
  const bytes = rewritten(transaction, arrived);
  const message = readMessage(transaction, world.schemas, plan.requestType, bytes);
  const input = typeof message === "string" ? formOf(transaction, bytes) : message;
  if (input === undefined) return failed("client", `the request ${message}`);
  transaction.contexts.set("INPUT", input);
  // a policy without a rule for requests lets none through, the default one above all
  if (skipsRules(plan, plan.requestType, bytes) && plan.policy.some(takesRequests)) {
    if (plan.backend.type === "loopback") return skippedAnswer(transaction);
    return forward(world, transaction, bytes, later);
  }
  const entry = findRule(transaction, plan.policy, "request-rule");
  if (entry === undefined) return failed("client", "no rule of the policy matches the request");
  tellRule(world.log, transaction, entry);
  const outcome = runRule(world, transaction, entry.rule, later);
  return outcome instanceof Promise
    ? outcome.then((failure) => afterRequestRule(world, transaction, failure, later))
    : afterRequestRule(world, transaction, outcome, later);
}

function takesRequests({ rule: { direction } }: PolicyEntry): boolean {
  return direction === "rule" || direction === "request-rule";
}

function afterRequestRule(
  world: ServiceWorld,
  transaction: Transaction,
  failure: Failure | undefined,
  later: Later,
): Result {
  if (failure !== undefined) return failure;
  const answered = transaction.skipsBackside || world.plan.backend.type === "loopback";
  if (answered) return skippedAnswer(transaction);
  return forward(world, transaction, (transaction.read("OUTPUT") ?? emptyContent).bytes, later);
}

/** Sends the message to its backend; `later` hears what became of it. */
function forward(
  world: ServiceWorld,
  transaction: Transaction,
  body: Uint8Array | Readable,
  later: Later,
): Result {
  const { backend, plan } = world;
  transaction.forwardedAt = Date.now();
  if (transaction.request.upgrade !== undefined) return upgrade(world, transaction);
  if (plan.transactionTimeout > 0) {
    return new Promise((resolve) =>
      backend.send(transaction, body, (answer) => resolve(received(world, transaction, answer))),
    );
  }
  backend.send(transaction, body, (answer) => later(received(world, transaction, answer)));
  return undefined;
}

/** Asks the backend for another protocol, for the rest of the connection. */
async function upgrade(world: ServiceWorld, transaction: Transaction): Promise<Answer | Failure> {
  // loaded before there is a connection, which must not wait for it
  const { upgradedAnswer } = await import("../answer/upgraded-answer.ts");
  const answer = await world.backend.upgrade(transaction);
  if (!("socket" in answer)) return received(world, transaction, answer);
  world.meter.backend(answer.status);
  return upgradedAnswer(answer);
}

/** What the client gets of what a backend gave; sockets call it, so that it must not throw. */
function received(
  world: ServiceWorld,
  transaction: Transaction,
  answer: BackendAnswer | Failure,
): Answer | Failure | Promise<Answer | Failure> {
  world.meter.backend("status" in answer ? answer.status : undefined);
  if (!("body" in answer)) return answer;
  try {
    return edited(world.plan, processResponse(world, transaction, answer));
  } catch (error) {
    return thrownIn(transaction, error);
  }
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

/**
 * `inject front` and `suppress front`: what the client gets, where the answer stands already. They
 * hold for failures as well: a header that must not leave, or that guards the client, is not to
 * depend on what went wrong.
 */
function edited<Given extends Result>(plan: ServicePlan, result: Given): Given {
  const stands = result !== undefined && !(result instanceof Promise) && !("code" in result);
  if (stands) editFrontHeaders(plan, result);
  return result;
}

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
