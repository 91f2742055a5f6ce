import type { Agent, AgentOptions, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, isFault } from "@lithify/fault";
import { isLoopback } from "./address.ts";
import { type RegistryLimits, type RegistryOptions, registryLimits } from "./limits.ts";
import { http, https, knownAuthorities } from "./node-http.ts";
import { sendBody } from "./send-body.ts";
import { keepable, reusingMemory } from "./socket-memory.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a stream, the memory of a piece that was sent is given back. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Sent to the origin of `url` alone: a redirect to another one goes without. */
  readonly authorization?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Where the answer came from, behind every redirect. */
  readonly url: URL;
  /** The body, its pieces the reader's own; it must be read or dropped. Throws Fault REGISTRY_UNREACHABLE when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The body whole. Throws Fault LIMIT_EXCEEDED. */
  bytes(limit?: number): Promise<Buffer>;
  drop(): void;
}

const agentOptions: AgentOptions = { keepAlive: true, maxSockets: 16 };

/** HTTP as registries need it: TLS, redirects without credentials, stall timeouts, retries. */
export class Http {
  readonly limits: RegistryLimits;
  readonly #isInsecure: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #ca: string | undefined;
  #plain: Agent | undefined;
  #tls: Agent | undefined;

  constructor(options: RegistryOptions) {
    this.limits = { ...registryLimits, ...options.limits };
    this.#isInsecure = options.insecure === true;
    this.#signal = options.signal;
    this.#ca = options.ca;
  }

  close(): void {
    this.#plain?.destroy();
    this.#tls?.destroy();
  }

  /** Repeats what a later try may mend: 408, 429, 5xx, broken connections. The body must be one that can be sent again. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= this.limits.attempts;
      let hint: string | undefined;
      try {
        const answer = await this.sendOnce(request);
        if (isLast || !isPassing(answer.status)) return answer;
        hint = answer.headers["retry-after"];
        answer.drop();
      } catch (error) {
        if (isLast || !isFault(error, "REGISTRY_UNREACHABLE")) throw error;
      }
      await this.wait(attempt, hint);
    }
  }

  /** The pause before the next try: what the server asks for, else doubling; both bounded. */
  async wait(attempt: number, retryAfter?: string): Promise<void> {
    const { backoff, longestWait } = this.limits;
    const asked = retryAfter === undefined ? undefined : retryAfterMilliseconds(retryAfter);
    const pause = Math.min(asked ?? backoff * 2 ** (attempt - 1), longestWait);
    await sleep(pause, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
  }

  /** One try; redirects of GET and HEAD are followed. */
  async sendOnce(request: HttpRequest): Promise<HttpAnswer> {
    let { url } = request;
    for (let redirects = 0; ; redirects += 1) {
      this.#checkScheme(url);
      const isSame = url.origin === request.url.origin;
      const answer = await this.#exchange(request, url, isSame ? request.authorization : undefined);
      const isRead = request.method === "GET" || request.method === "HEAD";
      if (!isRead || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      answer.drop();
      if (redirects >= this.limits.redirects) {
        throw invalidAnswer(url, "it redirects again and again");
      }
      url = locationOf(answer);
    }
  }

  #checkScheme(url: URL): void {
    const isPlain = url.protocol === "http:" && this.#isInsecure && isLoopback(url.hostname);
    if (url.protocol === "https:" || isPlain) return;
    throw invalidAnswer(url, "it leads to an address without TLS");
  }

  #exchange(request: HttpRequest, url: URL, authorization?: string): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const isTls = url.protocol === "https:";
    const sent = (isTls ? https() : http).request(url, {
      method: request.method,
      agent: isTls ? this.#tlsAgent() : this.#plainAgent(),
      headers: {
        "user-agent": "lithify",
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    sent.setTimeout(this.limits.stall, () =>
      sent.destroy(new Error(`nothing came for ${this.limits.stall} ms`)),
    );
    sent.on("response", (message) => resolve(this.#answer(message, url)));
    let sourceError: unknown;
    sent.on("error", (error) => reject(sourceError ?? this.#unreachable(url, error)));
    sendBody(sent, request.body).catch((error: unknown) => {
      sourceError = error;
      sent.destroy(error as Error);
      reject(error);
    });
    return promise;
  }

  #plainAgent(): Agent {
    this.#plain ??= reusingMemory(new http.Agent(agentOptions));
    return this.#plain;
  }

  #tlsAgent(): Agent {
    this.#tls ??= reusingMemory(new (https().Agent)({ ...agentOptions, ...this.#authorities() }));
    return this.#tls;
  }

  #authorities(): { readonly ca?: string[] } {
    return this.#ca === undefined ? {} : { ca: [...knownAuthorities(), this.#ca] };
  }

  #answer(message: IncomingMessage, url: URL): HttpAnswer {
    const failed = (error: unknown) => this.#unreachable(url, error);
    const body = (async function* () {
      try {
        for await (const chunk of message) yield keepable(chunk as Uint8Array);
      } catch (error) {
        throw failed(error);
      }
    })();
    const { answerBytes } = this.limits;
    // An answer that nobody reads to its end must not end the process when it breaks off
    message.on("error", () => undefined);
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      url,
      body,
      bytes: (limit = answerBytes) => wholeBody(body, limit, url),
      drop: () => {
        const length = Number(message.headers["content-length"] ?? Number.NaN);
        if (length < 65536) message.resume();
        else message.destroy();
      },
    };
  }

  #unreachable(url: URL, error: unknown): unknown {
    if (this.#signal?.aborted === true) return this.#signal.reason;
    return new Fault("REGISTRY_UNREACHABLE", `the registry at ${url.host}`, {
      why: (error as Error).message || String((error as NodeJS.ErrnoException).code),
      cause: error,
    });
  }
}

/** The address in Location. @throws Fault REGISTRY_INVALID */
export function locationOf({ headers, url }: HttpAnswer): URL {
  const { location } = headers;
  if (location !== undefined && URL.canParse(location, url.href))
    return new URL(location, url.href);
  throw invalidAnswer(url, "it has no usable Location");
}

export function invalidAnswer(url: URL, why: string): Fault {
  return new Fault("REGISTRY_INVALID", `the answer of the registry at ${url.host}`, {
    why,
    values: { path: url.pathname },
  });
}

export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

async function wholeBody(
  body: AsyncIterable<Uint8Array>,
  limit: number,
  url: URL,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) {
      throw new Fault("LIMIT_EXCEEDED", `the answer of the registry at ${url.host}`, {
        values: { limit, path: url.pathname },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMilliseconds(text: string): number | undefined {
  if (/^[0-9]{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
