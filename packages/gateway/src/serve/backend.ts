import type { Readable } from "node:stream";
import { bindingCookie } from "../backside/affinity.ts";
import { refused, unanswered } from "../backside/backend-failure.ts";
import type { Balancers } from "../backside/balancers.ts";
import { type BackendAnswer, discard, exchange } from "../backside/exchange.ts";
import { HttpClient } from "../backside/http-client.ts";
import { NameResolver } from "../backside/name-resolver.ts";
import type { Network } from "../backside/open-socket.ts";
import { OutgoingHeads } from "../backside/outgoing-head.ts";
import type { OutgoingRequest } from "../backside/request-pump.ts";
import type { Hop } from "../backside/routes.ts";
import { standInPlan } from "../backside/stand-in-plan.ts";
import { type Target, targetOfUrl, urlOfTarget, withPath } from "../backside/target.ts";
import {
  openUpgraded,
  type RefusedUpgrade,
  type UpgradedConnection,
} from "../backside/upgraded-connection.ts";
import { type Sending, type Way, Ways } from "../backside/ways.ts";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import type { Failure } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";

/** Most bytes of a request that are kept in memory to find their number. */
const largestCollected = 64 * 1024 * 1024;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** One message on its way. */
interface Call {
  readonly transaction: Transaction;
  readonly target: Target;
  readonly body: Uint8Array | Readable;
  readonly repeatable: boolean;
  readonly resolve: (outcome: BackendAnswer | Failure) => void;
}

/** Sends messages of one service to its backends, over kept connections unless it says otherwise. */
export class Backend {
  readonly #plan: ServicePlan;
  readonly #client: HttpClient;
  readonly #network: Network;
  readonly #balancers: Pick<Balancers, "find">;
  readonly #base: Target | undefined;
  readonly #heads: OutgoingHeads;

  /** `via` is the Via entry that this gateway adds (RFC 9110, 7.6.3). */
  constructor(
    plan: ServicePlan,
    network: Network,
    balancers: Pick<Balancers, "find">,
    via: string,
  ) {
    this.#plan = standInPlan(plan, network);
    this.#balancers = balancers;
    this.#heads = new OutgoingHeads(plan, via);
    this.#base = plan.backend.type === "static" ? targetOfUrl(plan.backend.url) : undefined;
    this.#network = { ...network, names: new NameResolver(plan.backside.names) };
    this.#client = new HttpClient({
      network: this.#network,
      persistent: plan.backPersistent,
      mostIdle: plan.backPersistentTimeout,
    });
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Sends the transaction's message. A GET or HEAD that fails before any answer is tried once
   * more, in a group on another member. Gives a Failure when there is no backend to send to or it
   * does not answer in time.
   */
  send(transaction: Transaction, body: Uint8Array | Readable): Promise<BackendAnswer | Failure> {
    const target = this.#target(transaction);
    if (!("authority" in target)) return Promise.resolve(target);
    if (!token.test(transaction.method)) {
      return Promise.resolve(refused(`${transaction.method} is no method`));
    }
    transaction.urlOut = urlOfTarget(target);
    if (this.#isSendable(transaction, body)) return this.#start(transaction, target, body);
    const most = this.#plan.maxMessageBytes || largestCollected;
    return collectBody(body as Readable, most).then((bytes) =>
      bytes instanceof TooLarge ? refused(bytes.message) : this.#start(transaction, target, bytes),
    );
  }

  #start(
    transaction: Transaction,
    target: Target,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer | Failure> {
    const { method } = transaction;
    const harmless = method === "GET" || method === "HEAD";
    const redirectsLeft =
      harmless && this.#plan.followRedirects ? this.#plan.backside.agent.mostRedirects : 0;
    return new Promise((resolve) => {
      const repeatable = harmless && body instanceof Uint8Array;
      this.#go({ transaction, target, body, repeatable, resolve }, redirectsLeft);
    });
  }

  /** One target, by each of its ways until one of them answers. */
  #go(call: Call, redirectsLeft: number): void {
    const { transaction, target, repeatable } = call;
    // what is thrown here must end this message, not the process: sockets call it
    const guarded = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        call.resolve(unanswered(target, error));
      }
    };
    guarded(() => {
      const ways = new Ways(this.#sending(transaction, target, repeatable));
      const next = (): void => {
        const way = ways.next();
        if ("code" in way) {
          call.resolve(way);
          return;
        }
        this.#try(
          call,
          way,
          (answer) => guarded(() => this.#take(call, way, answer, redirectsLeft)),
          (error) => {
            ways.failed(way, error);
            guarded(next);
          },
        );
      };
      next();
    });
  }

  #take(call: Call, way: Way, given: BackendAnswer, redirectsLeft: number): void {
    const answer = answerOf(call.transaction, way, given);
    const next =
      redirectsLeft > 0 && redirects.has(answer.status)
        ? redirectOf(answer, call.target)
        : undefined;
    if (next === undefined) {
      call.resolve(answer);
      return;
    }
    discard(answer.body);
    this.#go({ ...call, target: next }, redirectsLeft - 1);
  }

  /**
   * Asks the transaction's backend for the protocol of the request's Upgrade header, over a
   * connection of its own: what WebSocket needs. Gives the connection, or the backend's refusal.
   */
  async upgrade(transaction: Transaction): Promise<UpgradedConnection | RefusedUpgrade | Failure> {
    const target = this.#target(transaction);
    if (!("authority" in target)) return target;
    transaction.urlOut = urlOfTarget(target);
    const protocol = transaction.request.headers.get("upgrade") ?? "websocket";
    const timeout = this.#timeoutOf(transaction);
    const ways = new Ways(this.#sending(transaction, target, false));
    for (;;) {
      const way = ways.next();
      if ("code" in way) return way;
      const head = this.#heads.upgradeHead(transaction, way.hop, protocol);
      try {
        return await openUpgraded(way.hop.destination, this.#network, head, timeout);
      } catch (error) {
        ways.failed(way, error);
      }
    }
  }

  #sending(transaction: Transaction, target: Target, repeatable: boolean): Sending {
    return { plan: this.#plan, balancers: this.#balancers, transaction, target, repeatable };
  }

  /** Sends by one way; a member of a group counts what it works on. */
  #try(
    { transaction, body }: Call,
    way: Way,
    answered: (answer: BackendAnswer) => void,
    failed: (error: Error) => void,
  ): void {
    const { hop, member } = way;
    // what was collected is here already: nobody has to be asked for it
    const awaitsContinue = !(body instanceof Uint8Array) && expectsContinue(transaction);
    const request: OutgoingRequest = {
      method: transaction.method,
      head: this.#heads.head(transaction, hop, awaitsContinue),
      body,
      framing: this.#framing(transaction, hop, body),
      awaitsContinue,
      timeout: this.#timeoutOf(transaction),
    };
    const { request: waiting } = transaction;
    if (member === undefined) {
      exchange(this.#client, hop.destination, request, waiting, answered, failed);
      return;
    }
    member.active++;
    exchange(this.#client, hop.destination, request, waiting, answered, (error) => {
      member.active--;
      failed(error);
    });
  }

  #timeoutOf({ service }: Transaction): number {
    return Number(service.get("mpgw/backend-timeout") ?? 0) * 1000 || this.#plan.backTimeout;
  }

  #target(transaction: Transaction): Target | Failure {
    const routed = transaction.service.get("routing-url");
    if (routed !== undefined && routed !== "") {
      const text = String(routed);
      const target = URL.canParse(text) ? targetOfUrl(new URL(text)) : undefined;
      if (target === undefined) return refused(`routing-url ${text} is not an http or https URL`);
      if (this.#plan.routedUri === "as routed") return target;
      return withPath(target, transaction.uri) ?? refused(`URI ${transaction.uri}`);
    }
    const base = this.#base;
    if (base === undefined) {
      return refused("the service has a dynamic backend and no rule has chosen one");
    }
    if (!this.#plan.propagateUri) return base;
    return withPath(base, transaction.uri) ?? refused(`URI ${transaction.uri}`);
  }

  /** A stream without a known length is collected where the backend is to be told one. */
  #isSendable(transaction: Transaction, body: Uint8Array | Readable): boolean {
    const { backside, chunkedUploads } = this.#plan;
    if (body instanceof Uint8Array || announced(transaction) !== undefined) return true;
    // policies of the user agent are known only once the target is
    const plain = backside.agent.chunked.length + backside.agent.versions.length === 0;
    return chunkedUploads && plain && backside.version === "1.1";
  }

  #framing(
    transaction: Transaction,
    hop: Hop,
    body: Uint8Array | Readable,
  ): OutgoingRequest["framing"] {
    const chunked = (hop.chunked ?? this.#plan.chunkedUploads) && hop.version === "1.1";
    if (!(body instanceof Uint8Array)) {
      return (chunked ? undefined : announced(transaction)) ?? "chunked";
    }
    const { method } = transaction;
    if (body.length === 0 && (method === "GET" || method === "HEAD" || method === "DELETE")) {
      return "none";
    }
    return chunked && body.length > 0 ? "chunked" : body.length;
  }
}

/** The answer of a group's member, with the cookie that binds the client to it where one is due. */
function answerOf(
  transaction: Transaction,
  { balancer, member }: Way,
  answer: BackendAnswer,
): BackendAnswer {
  if (balancer === undefined || member === undefined) return answer;
  balancer.succeeded(member);
  if (answer.body instanceof Uint8Array) member.active--;
  else answer.body.once("close", () => member.active--);
  const { headers } = answer;
  const cookie = bindingCookie(balancer, member, transaction.request.headers, headers);
  if (cookie === undefined) return answer;
  const bound = headers.copy();
  bound.append("Set-Cookie", cookie);
  return { ...answer, headers: bound };
}

/** Where a redirect leads; undefined for what is no http or https URL. */
function redirectOf(answer: BackendAnswer, from: Target): Target | undefined {
  const location = answer.headers.get("location") ?? "";
  const base = urlOfTarget(from);
  if (!URL.canParse(location, base)) return undefined;
  return targetOfUrl(new URL(location, base));
}

/** The length that the client gave its body. */
function announced(transaction: Transaction): number | undefined {
  const text = transaction.request.headers.get("content-length");
  return text === undefined ? undefined : Number(text);
}

function expectsContinue(transaction: Transaction): boolean {
  const { hasCurrent, request } = transaction;
  const headers = hasCurrent ? transaction.current : request.headers;
  return headers.get("expect")?.toLowerCase() === "100-continue";
}
