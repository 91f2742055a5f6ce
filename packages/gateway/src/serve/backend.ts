import { randomBytes } from "node:crypto";
import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { ServicePlan } from "../plan/service-plan.ts";
import { isConnectionHeader } from "./answer.ts";
import { type Failure, failureCodes, internalError } from "./failure.ts";
import { Headers } from "./headers.ts";
import { type OutboundRoute, outboundAgent } from "./outbound.ts";
import type { Transaction } from "./transaction.ts";

/** The default of a user agent. */
const mostRedirects = 8;

/** What the backend answered; `body` is a stream that has to be read or destroyed. */
export interface BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Readable;
}

/** Sends messages of one service to its backends, over kept connections unless it says otherwise. */
export class Backend {
  readonly #plan: ServicePlan;
  readonly #agent: Agent;
  /** RFC 9110, 7.6.3: a pseudonym for this gateway. */
  readonly #via = `1.1 ${randomBytes(7).toString("base64url").slice(0, 10)}`;

  constructor(plan: ServicePlan, route?: OutboundRoute) {
    this.#plan = plan;
    const options = {
      keepAlive: plan.backPersistent,
      keepAliveMsecs: 1000,
      timeout: plan.backPersistentTimeout,
      maxSockets: 512,
    };
    this.#agent = outboundAgent(options, route);
  }

  /** The Via entry that this gateway adds. */
  get via(): string {
    return this.#via;
  }

  close(): void {
    this.#agent.destroy();
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
    if (!(target instanceof URL)) return target;
    transaction.urlOut = target.href;
    const again = body instanceof Uint8Array && ["GET", "HEAD"].includes(transaction.method);
    try {
      return await this.#follow(transaction, target, body);
    } catch (error) {
      if (!again) return connectionFailure(target, error as Error);
    }
    try {
      return await this.#follow(transaction, target, body);
    } catch (error) {
      return connectionFailure(target, error as Error);
    }
  }

  /** Redirects of a GET or HEAD are followed when the service says so; those of a POST never are. */
  async #follow(
    transaction: Transaction,
    first: URL,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer> {
    let target = first;
    for (let followed = 0; ; followed++) {
      const answer = await this.#once(transaction, target, body);
      const location = answer.headers.get("location") ?? "";
      const redirects = [301, 302, 303, 307, 308].includes(answer.status);
      const may = this.#plan.followRedirects && /^(?:GET|HEAD)$/.test(transaction.method);
      if (!redirects || !may || followed >= mostRedirects) return answer;
      if (!URL.canParse(location, target.href) || new URL(location, target).protocol !== "http:") {
        return answer;
      }
      answer.body.resume();
      target = new URL(location, target);
    }
  }

  #target(transaction: Transaction): URL | Failure {
    const routed = String(transaction.service.get("routing-url") ?? "");
    const { backend, propagateUri } = this.#plan;
    if (routed === "" && backend.type === "dynamic") {
      return refused("the service has a dynamic backend and no rule has chosen one");
    }
    const url = routed === "" ? undefined : URL.canParse(routed) ? new URL(routed) : null;
    if (url === null || (url !== undefined && url.protocol !== "http:")) {
      return refused(`routing-url ${routed} is not an http URL`);
    }
    if (url !== undefined) return url;
    const base = (backend as { url: URL }).url;
    if (!propagateUri) return base;
    const uri = transaction.uri.startsWith("/") ? transaction.uri : `/${transaction.uri}`;
    return URL.canParse(base.origin + uri) ? new URL(base.origin + uri) : refused(`URI ${uri}`);
  }

  #once(
    transaction: Transaction,
    target: URL,
    body: Uint8Array | Readable,
  ): Promise<BackendAnswer> {
    const timeout =
      Number(transaction.service.get("mpgw/backend-timeout") ?? 0) * 1000 || this.#plan.backTimeout;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(target, {
        agent: this.#agent,
        method: transaction.method,
        headers: this.#headers(transaction, target, body),
        timeout,
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeout} ms`)));
      outgoing.on("error", reject);
      outgoing.on("response", (answer: IncomingMessage) => {
        resolve({
          status: answer.statusCode ?? 502,
          reason: answer.statusMessage ?? "",
          headers: Headers.fromRaw(answer.rawHeaders),
          body: answer,
        });
      });
      if (body instanceof Uint8Array) outgoing.end(body);
      else body.on("error", (error) => outgoing.destroy(error)).pipe(outgoing);
    });
  }

  #headers(
    transaction: Transaction,
    target: URL,
    body: Uint8Array | Readable,
  ): Record<string, string | string[]> {
    const { hostRewriting, chunkedUploads, allowCacheControl } = this.#plan;
    const headers: Record<string, string | string[]> = {};
    for (const [name, values] of transaction.current) {
      if (isConnectionHeader(name) || (hostRewriting && /^host$/i.test(name))) continue;
      headers[name] = values.length > 1 ? [...values] : values[0]!;
    }
    if (hostRewriting) headers.Host = target.host;
    const length = chunkedUploads ? undefined : lengthOf(transaction, body);
    if (length !== undefined) headers["Content-Length"] = length;
    if (!allowCacheControl && transaction.method === "GET") {
      const own = transaction.current.get("cache-control");
      setHeader(
        headers,
        "Cache-Control",
        own === undefined ? "no-transform" : `${own}, no-transform`,
      );
    }
    for (const { side, name, value } of this.#plan.headerEdits) {
      if (side === "back") setHeader(headers, name, value);
    }
    return headers;
  }
}

/** The Content-Length for the backend: of what was collected, or the client's own of a stream. */
function lengthOf(transaction: Transaction, body: Uint8Array | Readable): string | undefined {
  if (!(body instanceof Uint8Array)) return transaction.request.headers.get("content-length");
  const bodiless = body.length === 0 && ["GET", "HEAD", "DELETE"].includes(transaction.method);
  return bodiless ? undefined : String(body.length);
}

/** Sets or, without a value, removes a header whatever its spelling. */
function setHeader(
  headers: Record<string, string | string[]>,
  name: string,
  value: string | undefined,
): void {
  for (const known of Object.keys(headers)) {
    if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
  }
  if (value !== undefined) headers[name] = value;
}

function refused(detail: string): Failure {
  const code = failureCodes.backendConnection;
  return { code, subcode: code, message: internalError, side: "client", detail };
}

function connectionFailure(target: URL, error: Error): Failure {
  const code = failureCodes.backendConnection;
  return {
    code,
    subcode: code,
    message: "Failed to establish a backside connection",
    side: "client",
    detail: `backend ${target.origin}: ${error.message || (error as NodeJS.ErrnoException).code}`,
  };
}
