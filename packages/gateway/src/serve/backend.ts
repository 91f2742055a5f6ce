import type { Readable } from "node:stream";
import { bindingCookie, boundMember } from "../backside/affinity.ts";
import type { Balancer, Member } from "../backside/balancer.ts";
import type { Balancers } from "../backside/balancers.ts";
import { type BackendAnswer, ClientGone, discard, exchange } from "../backside/exchange.ts";
import { HttpClient } from "../backside/http-client.ts";
import { MemberAttempts } from "../backside/member-attempts.ts";
import { NameResolver } from "../backside/name-resolver.ts";
import type { Network } from "../backside/open-socket.ts";
import { OutgoingHeads } from "../backside/outgoing-head.ts";
import { pseudonym } from "../backside/pseudonym.ts";
import type { OutgoingRequest } from "../backside/request-pump.ts";
import { type Hop, hopTo } from "../backside/routes.ts";
import { type Target, targetOfUrl, urlOfTarget, withPath } from "../backside/target.ts";
import type { SecurePlan } from "../plan/backside/secure-plan.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import { collectBody, TooLarge } from "./collect-body.ts";
import { type Failure, failureCodes, internalError } from "./failure.ts";
import type { Transaction } from "./transaction.ts";

/** Most bytes of a request that are kept in memory to find their number. */
const largestCollected = 64 * 1024 * 1024;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends messages of one service to its backends, over kept connections unless it says otherwise. */
export class Backend {
  readonly #plan: ServicePlan;
  readonly #client: HttpClient;
  readonly #balancers: Balancers;
  readonly #base: Target | undefined;
  readonly #heads: OutgoingHeads;
  /** The Via entry that this gateway adds (RFC 9110, 7.6.3). */
  readonly via: string;

  constructor(plan: ServicePlan, network: Network, balancers: Balancers) {
    this.#plan = plan;
    this.#balancers = balancers;
    this.via = `1.1 ${pseudonym(plan)}`;
    this.#heads = new OutgoingHeads(plan, this.via);
    this.#base = plan.backend.type === "static" ? targetOfUrl(plan.backend.url) : undefined;
    this.#client = new HttpClient({
      network: { ...network, names: new NameResolver(plan.backside.names) },
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
  async send(
    transaction: Transaction,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer | Failure> {
    let target = this.#target(transaction);
    if (!("authority" in target)) return target;
    if (!token.test(transaction.method)) return refused(`${transaction.method} is no method`);
    transaction.urlOut = urlOfTarget(target);
    const sent = this.#isSendable(transaction, body)
      ? body
      : await collectBody(body as Readable, this.#plan.maxMessageBytes || largestCollected);
    if (sent instanceof TooLarge) return refused(sent.message);
    const { backside, followRedirects } = this.#plan;
    const follows =
      followRedirects && (transaction.method === "GET" || transaction.method === "HEAD");
    for (let followed = 0; ; followed++) {
      const answer = await this.#try(transaction, target, sent);
      if (!("body" in answer) || !follows || !redirects.has(answer.status)) return answer;
      const next = redirectOf(answer, target);
      if (next === undefined || followed >= backside.agent.mostRedirects) return answer;
      discard(answer.body);
      target = next;
    }
  }

  /** One target, as often as may be tried. */
  async #try(
    transaction: Transaction,
    target: Target,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer | Failure> {
    const profile = this.#profileOf(transaction);
    if (typeof profile === "string") return refused(profile);
    const balancer = this.#balancers.find(this.#plan, target.host);
    if (balancer !== undefined) return this.#balance(transaction, target, body, profile, balancer);
    const hop = hopTo(this.#plan.backside, target, profile);
    if (typeof hop === "string") return refused(hop);
    try {
      return await this.#once(transaction, hop, body);
    } catch (error) {
      const repeats = mayRepeat(transaction, body) && !(error instanceof ClientGone);
      if (!repeats) return failureOf(target, error);
    }
    try {
      return await this.#once(transaction, hop, body);
    } catch (error) {
      return failureOf(target, error);
    }
  }

  /** The same over the members of a group. */
  async #balance(
    transaction: Transaction,
    target: Target,
    body: Uint8Array | Readable,
    profile: SecurePlan | undefined,
    balancer: Balancer,
  ): Promise<BackendAnswer | Failure> {
    const attempts = new MemberAttempts(balancer, mayRepeat(transaction, body));
    const bound = boundMember(balancer, transaction.request.headers);
    const hashed = this.#hashed(transaction);
    transaction.service.set("lb/group", balancer.plan.name);
    let problem: unknown = new Error(`no member of group ${balancer.plan.name} is up`);
    for (;;) {
      const member = attempts.next({ hashed, bound });
      if (member === undefined) return failureOf(target, problem);
      transaction.service.set(
        "lb/member",
        `${member.plan.host}:${member.plan.port || target.port}`,
      );
      const hop = hopTo(this.#plan.backside, target, profile, { balancer, member });
      if (typeof hop === "string") return refused(hop);
      try {
        return await this.#onMember(transaction, hop, body, balancer, member);
      } catch (error) {
        if (error instanceof ClientGone) return failureOf(target, error);
        problem = error;
        attempts.failed(member, error);
      }
    }
  }

  async #onMember(
    transaction: Transaction,
    hop: Hop,
    body: Uint8Array | Readable,
    balancer: Balancer,
    member: Member,
  ): Promise<BackendAnswer> {
    member.active++;
    let streams = false;
    try {
      const answer = await this.#once(transaction, hop, body);
      balancer.succeeded(member);
      if (!(answer.body instanceof Uint8Array)) {
        streams = true;
        answer.body.once("close", () => member.active--);
      }
      const { headers } = answer;
      const cookie = bindingCookie(balancer, member, transaction.request.headers, headers);
      if (cookie === undefined) return answer;
      const bound = headers.copy();
      bound.append("Set-Cookie", cookie);
      return { ...answer, headers: bound };
    } finally {
      if (!streams) member.active--;
    }
  }

  #once(transaction: Transaction, hop: Hop, body: Uint8Array | Readable): Promise<BackendAnswer> {
    const timeout =
      Number(transaction.service.get("mpgw/backend-timeout") ?? 0) * 1000 || this.#plan.backTimeout;
    // what was collected is here already: nobody has to be asked for it
    const awaitsContinue = !(body instanceof Uint8Array) && expectsContinue(transaction);
    const request: OutgoingRequest = {
      method: transaction.method,
      head: this.#heads.head(transaction, hop, awaitsContinue),
      body,
      framing: this.#framing(transaction, hop, body),
      awaitsContinue,
      timeout,
    };
    return exchange(this.#client, hop.destination, request, transaction.request);
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

  #profileOf(transaction: Transaction): SecurePlan | string | undefined {
    const name = transaction.service.get("routing-url-sslprofile");
    if (name === undefined || name === "") return undefined;
    return this.#plan.backside.secureNamed(String(name));
  }

  #hashed({ request }: Transaction): string {
    const { hashHeader } = this.#plan.backside;
    const value = hashHeader === "" ? undefined : request.headers.get(hashHeader);
    return value ?? request.client.slice(0, request.client.lastIndexOf(":"));
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

/** RFC 9110, 9.2.2, narrowed to what is documented: a failed GET or HEAD is repeated once. */
function mayRepeat({ method }: Transaction, body: Uint8Array | Readable): boolean {
  return (method === "GET" || method === "HEAD") && body instanceof Uint8Array;
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
  return transaction.current.get("expect")?.toLowerCase() === "100-continue";
}

function refused(detail: string): Failure {
  const code = failureCodes.backendConnection;
  return { code, subcode: code, message: internalError, side: "client", detail };
}

function failureOf(target: Target, error: unknown): Failure {
  const code = failureCodes.backendConnection;
  return {
    code,
    subcode: code,
    message: "Failed to establish a backside connection",
    side: "client",
    detail: `backend ${target.authority}: ${(error as Error).message}`,
  };
}
