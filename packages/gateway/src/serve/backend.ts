import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { HttpClient } from "../backside/http-client.ts";
import type { OutgoingRequest } from "../backside/request-pump.ts";
import { type Target, targetOfUrl, urlOfTarget, withPath } from "../backside/target.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import { isConnectionHeader } from "./answer.ts";
import { collectBody, TooLarge } from "./collect-body.ts";
import { type Failure, failureCodes, internalError } from "./failure.ts";
import { Headers } from "./headers.ts";
import type { OutboundRoute } from "./outbound.ts";
import type { Transaction } from "./transaction.ts";

/** The default of a user agent. */
const mostRedirects = 8;
/** Most bytes of a request that are kept in memory to find their number. */
const largestCollected = 64 * 1024 * 1024;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What the backend answered; a `body` that is a stream has to be read or destroyed. */
export interface BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array | Readable;
}

/** Sends messages of one service to its backends, over kept connections unless it says otherwise. */
export class Backend {
  readonly #plan: ServicePlan;
  readonly #client: HttpClient;
  readonly #base: Target | undefined;
  /** RFC 9110, 7.6.3: a pseudonym for this gateway. */
  readonly #via = `1.1 ${randomBytes(7).toString("base64url").slice(0, 10)}`;

  constructor(plan: ServicePlan, route?: OutboundRoute) {
    this.#plan = plan;
    this.#base = plan.backend.type === "static" ? targetOfUrl(plan.backend.url) : undefined;
    this.#client = new HttpClient({
      network: { route },
      persistent: plan.backPersistent,
      mostIdle: plan.backPersistentTimeout,
    });
  }

  /** The Via entry that this gateway adds. */
  get via(): string {
    return this.#via;
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Sends the transaction's message. A GET or HEAD that fails before any answer is tried once
   * more. Gives a Failure when there is no backend to send to or it does not answer in time.
   */
  async send(
    transaction: Transaction,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer | Failure> {
    const target = this.#target(transaction);
    if (!("authority" in target)) return target;
    transaction.urlOut = urlOfTarget(target);
    if (!token.test(transaction.method)) return refused(`method ${transaction.method} is none`);
    const sent = await this.#sendable(transaction, body);
    if (sent instanceof TooLarge) return refused(sent.message);
    const again = sent instanceof Uint8Array && ["GET", "HEAD"].includes(transaction.method);
    try {
      return await this.#follow(transaction, target, sent);
    } catch (error) {
      if (!again) return connectionFailure(target, error as Error);
    }
    try {
      return await this.#follow(transaction, target, sent);
    } catch (error) {
      return connectionFailure(target, error as Error);
    }
  }

  /** A stream without a known length is collected where the backend is to be told one. */
  async #sendable(
    transaction: Transaction,
    body: Uint8Array | Readable,
  ): Promise<Uint8Array | Readable | TooLarge> {
    const { chunkedUploads, maxMessageBytes } = this.#plan;
    if (body instanceof Uint8Array || chunkedUploads || announced(transaction) !== undefined) {
      return body;
    }
    return collectBody(body, maxMessageBytes || largestCollected);
  }

  /** Redirects of a GET or HEAD are followed when the service says so; those of a POST never are. */
  async #follow(
    transaction: Transaction,
    first: Target,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer> {
    let target = first;
    for (let followed = 0; ; followed++) {
      const answer = await this.#once(transaction, target, body);
      const location = answer.headers.get("location") ?? "";
      const redirects = [301, 302, 303, 307, 308].includes(answer.status);
      const may = this.#plan.followRedirects && /^(?:GET|HEAD)$/.test(transaction.method);
      if (!redirects || !may || followed >= mostRedirects) return answer;
      const href = urlOfTarget(target);
      if (!URL.canParse(location, href) || new URL(location, href).protocol !== "http:") {
        return answer;
      }
      discard(answer.body);
      target = targetOfUrl(new URL(location, href))!;
    }
  }

  #target(transaction: Transaction): Target | Failure {
    const routed = String(transaction.service.get("routing-url") ?? "");
    if (routed !== "") {
      const target = URL.canParse(routed) ? targetOfUrl(new URL(routed)) : undefined;
      if (target !== undefined && !target.secure) {
        if (this.#plan.routedUri === "as routed") return target;
        return withPath(target, transaction.uri) ?? refused(`URI ${transaction.uri}`);
      }
      return refused(`routing-url ${routed} is not an http URL`);
    }
    const base = this.#base;
    if (base === undefined) {
      return refused("the service has a dynamic backend and no rule has chosen one");
    }
    if (!this.#plan.propagateUri) return base;
    return withPath(base, transaction.uri) ?? refused(`URI ${transaction.uri}`);
  }

  #once(
    transaction: Transaction,
    target: Target,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer> {
    const timeout =
      Number(transaction.service.get("mpgw/backend-timeout") ?? 0) * 1000 || this.#plan.backTimeout;
    // what was collected is here already: nobody has to be asked for it
    const awaitsContinue = !(body instanceof Uint8Array) && expectsContinue(transaction);
    const request: OutgoingRequest = {
      method: transaction.method,
      head: this.#head(transaction, target, awaitsContinue),
      body,
      framing: this.#framing(transaction, body),
      awaitsContinue,
      timeout,
    };
    const { host, port } = target;
    return new Promise((resolve, reject) => {
      const giveUp = this.#client.send({ key: `${host}:${port}`, host, port }, request, {
        answered: ({ status, reason, headers }, answer) => {
          transaction.request.onGone = undefined;
          resolve({ status, reason, headers, body: answer });
        },
        failed: (error) => {
          transaction.request.onGone = undefined;
          reject(error);
        },
      });
      transaction.request.onGone = () => {
        giveUp();
        reject(new Error("the client went away"));
      };
    });
  }

  #framing(transaction: Transaction, body: Uint8Array | Readable): OutgoingRequest["framing"] {
    const { chunkedUploads } = this.#plan;
    if (!(body instanceof Uint8Array)) {
      return (chunkedUploads ? undefined : announced(transaction)) ?? "chunked";
    }
    const bodiless = body.length === 0 && ["GET", "HEAD", "DELETE"].includes(transaction.method);
    if (bodiless) return "none";
    return chunkedUploads && body.length > 0 ? "chunked" : body.length;
  }

  #head(transaction: Transaction, target: Target, expects: boolean): string {
    const { method, current } = transaction;
    const { own, hidden } = this.#ownHeaders(transaction, target);
    if (!expects) hidden.add("expect");
    let text = `${method} ${target.path} HTTP/1.1\r\n`;
    for (const [name, values] of current) {
      if (isConnectionHeader(name) || own.get(name) !== undefined) continue;
      if (hidden.has(name.toLowerCase())) continue;
      for (const value of values) text += `${name}: ${value}\r\n`;
    }
    return text + own.lines();
  }

  /** What the service itself says to the backend, and the headers that it keeps from it. */
  #ownHeaders(
    { method, current }: Transaction,
    target: Target,
  ): { readonly own: Headers; readonly hidden: Set<string> } {
    const { hostRewriting, allowCacheControl, headerEdits, backPersistent } = this.#plan;
    const own = new Headers();
    const hidden = new Set<string>();
    if (hostRewriting) own.set("Host", [target.authority]);
    own.set("Connection", [backPersistent ? "Keep-Alive" : "close"]);
    if (!allowCacheControl && method === "GET") {
      const given = current.get("cache-control");
      own.set("Cache-Control", [given === undefined ? "no-transform" : `${given}, no-transform`]);
    }
    for (const { side, name, value } of headerEdits) {
      if (side !== "back") continue;
      own.set(name, value === undefined ? [] : [value]);
      if (value === undefined) hidden.add(name.toLowerCase());
    }
    return { own, hidden };
  }
}

/** Lets an answer go that nobody will read. */
export function discard(body: Uint8Array | Readable): void {
  if (!(body instanceof Uint8Array)) body.destroy();
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

function connectionFailure(target: Target, error: Error): Failure {
  const code = failureCodes.backendConnection;
  return {
    code,
    subcode: code,
    message: "Failed to establish a backside connection",
    side: "client",
    detail: `backend ${target.authority}: ${error.message || (error as NodeJS.ErrnoException).code}`,
  };
}
