import type { Readable } from "node:stream";
import { bindingCookie } from "../backside/affinity.ts";
import type { ExchangeListener } from "../backside/backend-connection.ts";
import { unanswered } from "../backside/backend-failure.ts";
import { type BackendAnswer, ClientGone, discard } from "../backside/exchange.ts";
import type { HttpClient } from "../backside/http-client.ts";
import type { OutgoingHeads } from "../backside/outgoing-head.ts";
import type { OutgoingRequest } from "../backside/request-pump.ts";
import type { Hop } from "../backside/routes.ts";
import { type Target, targetOfUrl, urlOfTarget } from "../backside/target.ts";
import { type Sender, type Way, Ways } from "../backside/ways.ts";
import type { Failure } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What a service sends its messages with. */
export interface DeliveryWorld extends Sender {
  readonly client: HttpClient;
  readonly heads: OutgoingHeads;
}

/** Hears once what became of a message; must not throw, since sockets call it. */
export type Delivered = (outcome: BackendAnswer | Failure) => void;

/** One message on its way to its target, by each of its ways until one of them answers. */
export class Delivery implements ExchangeListener {
  readonly #world: DeliveryWorld;
  readonly #transaction: Transaction;
  readonly #body: Uint8Array | Readable;
  readonly #repeatable: boolean;
  readonly #done: Delivered;
  #redirectsLeft: number;
  #target: Target;
  #ways: Ways | undefined;
  #way: Way | undefined;

  constructor(
    world: DeliveryWorld,
    transaction: Transaction,
    target: Target,
    body: Uint8Array | Readable,
    done: Delivered,
  ) {
    const { plan } = world;
    const { method } = transaction;
    const harmless = method === "GET" || method === "HEAD";
    this.#world = world;
    this.#transaction = transaction;
    this.#target = target;
    this.#body = body;
    this.#repeatable = harmless && body instanceof Uint8Array;
    this.#done = done;
    this.#redirectsLeft = harmless && plan.followRedirects ? plan.backside.agent.mostRedirects : 0;
  }

  begin(): void {
    let failure: Failure | undefined;
    try {
      failure = this.#to(this.#target);
    } catch (error) {
      failure = this.#broken(error);
    }
    if (failure !== undefined) this.#done(failure);
  }

  answered(answer: BackendAnswer): void {
    this.#transaction.request.onGone = undefined;
    let outcome: BackendAnswer | Failure | undefined;
    try {
      outcome = this.#take(answer);
    } catch (error) {
      outcome = this.#broken(error);
    }
    if (outcome !== undefined) this.#done(outcome);
  }

  failed(error: Error): void {
    this.#transaction.request.onGone = undefined;
    const way = this.#way!;
    if (way.member !== undefined) way.member.active--;
    let failure: Failure | undefined;
    try {
      this.#ways!.failed(way, error);
      failure = this.#next();
    } catch (thrown) {
      failure = this.#broken(thrown);
    }
    if (failure !== undefined) this.#done(failure);
  }

  /** What is thrown on the way must end this message, not the process. */
  #broken(error: unknown): Failure {
    return unanswered(this.#target, error);
  }

  #to(target: Target): Failure | undefined {
    this.#target = target;
    this.#ways = new Ways(this.#world, this.#transaction, target, this.#repeatable);
    return this.#next();
  }

  /** Sends by the next way; gives the failure where there is none. */
  #next(): Failure | undefined {
    const way = this.#ways!.next();
    if ("code" in way) return way;
    const { client } = this.#world;
    const { request: waiting } = this.#transaction;
    const request = this.#request(way.hop);
    this.#way = way;
    // a member of a group counts what it works on
    if (way.member !== undefined) way.member.active++;
    const dispatch = client.send(way.hop.destination, request, this);
    waiting.onGone = () => {
      dispatch.giveUp();
      this.failed(new ClientGone("the client went away"));
    };
    return undefined;
  }

  /** The answer, or what became of the message after the redirect that it is. */
  #take(given: BackendAnswer): BackendAnswer | Failure | undefined {
    const answer = answerOf(this.#transaction, this.#way!, given);
    if (this.#redirectsLeft === 0 || !redirects.has(answer.status)) return answer;
    const next = redirectOf(answer, this.#target);
    if (next === undefined) return answer;
    discard(answer.body);
    this.#redirectsLeft--;
    return this.#to(next);
  }

  #request(hop: Hop): OutgoingRequest {
    const transaction = this.#transaction;
    const { plan, heads } = this.#world;
    const body = this.#body;
    // what was collected is here already: nobody has to be asked for it
    const awaitsContinue = !(body instanceof Uint8Array) && expectsContinue(transaction);
    return {
      method: transaction.method,
      head: heads.head(transaction, hop, awaitsContinue),
      body,
      framing: framingOf(plan, transaction, hop, body),
      awaitsContinue,
      timeout: timeoutOf(plan, transaction),
    };
  }
}

/** How long the backend may be silent, in milliseconds. */
export function timeoutOf(plan: ServicePlan, { service }: Transaction): number {
  return Number(service.get("mpgw/backend-timeout") ?? 0) * 1000 || plan.backTimeout;
}

/** The length that the client gave its body. */
export function announced({ request }: Transaction): number | undefined {
  const text = request.headers.get("content-length");
  return text === undefined ? undefined : Number(text);
}

function framingOf(
  plan: ServicePlan,
  transaction: Transaction,
  hop: Hop,
  body: Uint8Array | Readable,
): OutgoingRequest["framing"] {
  const chunked = (hop.chunked ?? plan.chunkedUploads) && hop.version === "1.1";
  if (!(body instanceof Uint8Array)) {
    return (chunked ? undefined : announced(transaction)) ?? "chunked";
  }
  const { method } = transaction;
  if (body.length === 0 && (method === "GET" || method === "HEAD" || method === "DELETE")) {
    return "none";
  }
  return chunked && body.length > 0 ? "chunked" : body.length;
}

function expectsContinue(transaction: Transaction): boolean {
  const { hasCurrent, request } = transaction;
  const headers = hasCurrent ? transaction.current : request.headers;
  return headers.get("expect")?.toLowerCase() === "100-continue";
}

/** The answer of a group's member, with the cookie that binds the client to it where one is due. */
function answerOf(
  transaction: Transaction,
  { balancer, member }: Way,
  answer: BackendAnswer,
): BackendAnswer {
  if (balancer === undefined || member === undefined) return answer;
  balancer.succeeded(member);
  const { status, reason, headers, body, text } = answer;
  if (body instanceof Uint8Array) member.active--;
  else body.once("close", () => member.active--);
  const cookie = bindingCookie(balancer, member, transaction.request.headers, headers);
  if (cookie === undefined) return answer;
  const bound = headers.copy();
  bound.append("Set-Cookie", cookie);
  return { status, reason, headers: bound, body, text };
}

/** Where a redirect leads; undefined for what is no http or https URL. */
function redirectOf(answer: BackendAnswer, from: Target): Target | undefined {
  const location = answer.headers.get("location") ?? "";
  const base = urlOfTarget(from);
  if (!URL.canParse(location, base)) return undefined;
  return targetOfUrl(new URL(location, base));
}
