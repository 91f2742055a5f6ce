import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { endToEnd, firstValue, forwardedHeaders } from "./headers.ts";
import type { Exchange, Pool, Target } from "./pool.ts";

/** How a forwarded request ended, told once. */
export type Ending =
  /** The whole answer went to the client. */
  | { readonly answer: "answered"; readonly status: number; readonly milliseconds: number }
  /** No backend answered; the client got a 502, 503 or 504. */
  | { readonly answer: "unanswered"; readonly status: number; readonly why: string }
  /** The backend broke off in the middle; the client's connection was cut. */
  | { readonly answer: "broken"; readonly milliseconds: number }
  /** The client gave up; `milliseconds` when the answer had begun. */
  | { readonly answer: "abandoned"; readonly milliseconds?: number }
  /** A drain's deadline cut it. */
  | { readonly answer: "cut" };

export interface Forwarding {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pool: Pool;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Request headers that are the splitter's own, in lower case. */
  readonly drop: readonly string[];
  /** Response headers to add, names and values in turn. */
  readonly add: (target: Target) => readonly string[];
  readonly onRetry: () => void;
  readonly onEnd: (ending: Ending) => void;
}

/** How often one request is sent at most. */
export const attempts = 3;
/** How long a backend may take to begin its answer. */
export const answerTimeoutMs = 300_000;
/** How long a backend may take to say `100 Continue` before the body is sent all the same. */
const continueTimeoutMs = 1_000;

/**
 * Passes one request on and its answer back, streaming both ways. It is sent again, to another instance if
 * there is one, when no connection was made, or when a request that may be repeated and has no body got no answer.
 */
export function forward(forwarding: Forwarding): void {
  const { response, pool } = forwarding;
  const headers = requestHeaders(forwarding);
  const began = performance.now();
  const tried = new Set<Target>();
  let count = 0;
  let now: Attempt | undefined;
  let ended = false;

  const end = (ending: Ending): void => {
    if (ended) return;
    ended = true;
    forwarding.onEnd(ending);
  };
  const next = (): void => {
    const target = pool.pick(tried) ?? pool.pick(new Set());
    if (target === undefined) {
      refuse(response, 503, "no instance");
      end({ answer: "unanswered", status: 503, why: "no instance" });
      return;
    }
    tried.add(target);
    count += 1;
    now = send({ forwarding, headers, target, began, last: count === attempts, end, retry });
  };
  const retry = (): void => {
    forwarding.onRetry();
    next();
  };
  response.once("close", () => {
    if (!response.writableFinished) now?.abandon();
  });
  next();
}

interface Attempt {
  abandon(): void;
}

interface Sending {
  readonly forwarding: Forwarding;
  readonly headers: readonly string[];
  readonly target: Target;
  readonly began: number;
  readonly last: boolean;
  readonly end: (ending: Ending) => void;
  readonly retry: () => void;
}

function send(sending: Sending): Attempt {
  const { forwarding, target, began } = sending;
  const { request, response, pool } = forwarding;
  let firstByte: number | undefined;
  let over = false;
  const finish = (ending: Ending): void => {
    if (over) return;
    over = true;
    pool.leave(target, exchange);
    sending.end(ending);
  };
  const upstream = httpRequest({
    host: target.host,
    port: target.port,
    ...(request.method === undefined ? {} : { method: request.method }),
    path: request.url ?? "/",
    headers: sending.headers as string[],
    // A connection of its own for the last try: a kept one could be stale once more.
    agent: sending.last ? false : target.agent,
    setHost: false,
  });
  const exchange: Exchange = {
    cut: () => {
      finish({ answer: "cut" });
      upstream.destroy();
      response.destroy();
    },
  };
  pool.enter(target, exchange);
  const body = sendBody(forwarding, upstream);
  upstream.setTimeout(answerTimeoutMs, () => {
    if (firstByte === undefined) upstream.destroy(new Error("no answer in time"));
  });
  upstream.on("response", (answer) => {
    firstByte = performance.now() - began;
    passBack(forwarding, target, answer, {
      done: () =>
        finish({
          answer: "answered",
          status: answer.statusCode ?? 0,
          milliseconds: firstByte ?? 0,
        }),
      broken: () => {
        finish({ answer: "broken", milliseconds: firstByte ?? 0 });
        response.destroy();
      },
    });
  });
  upstream.on("error", (error) => {
    if (over || firstByte !== undefined) return;
    over = true;
    pool.leave(target, exchange);
    body.stop();
    if (!body.connected) target.downUntil = Date.now() + 1_000;
    if (!sending.last && !response.destroyed && mayRepeat(request, body)) {
      sending.retry();
      return;
    }
    const status = error.message === "no answer in time" ? 504 : 502;
    refuse(response, status, error.message);
    sending.end({ answer: "unanswered", status, why: error.message });
  });
  return {
    abandon: () => {
      finish({
        answer: "abandoned",
        ...(firstByte === undefined ? {} : { milliseconds: firstByte }),
      });
      upstream.destroy();
    },
  };
}

interface BodySending {
  /** A connection to the backend exists: it may have read what was sent. */
  readonly connected: boolean;
  /** Some of the client's body is gone and cannot be sent again. */
  readonly consumed: boolean;
  stop(): void;
}

/** Sends the body once the connection stands, so that a refused connection leaves it untouched. */
function sendBody(forwarding: Forwarding, upstream: ClientRequest): BodySending {
  const { request, response, expectsContinue } = forwarding;
  const state = { connected: false, consumed: false, stop: () => {} };
  const start = (): void => {
    if (state.consumed) return;
    state.consumed = true;
    request.pipe(upstream);
  };
  const connected = (): void => {
    state.connected = true;
    if (!hasBody(request)) return;
    if (!expectsContinue) {
      start();
      return;
    }
    const goOn = (): void => {
      clearTimeout(timer);
      if (response.headersSent || state.consumed) return;
      response.writeContinue();
      start();
    };
    const timer = setTimeout(goOn, continueTimeoutMs);
    upstream.once("continue", goOn);
    upstream.once("response", () => clearTimeout(timer));
    upstream.once("close", () => clearTimeout(timer));
  };
  upstream.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", connected);
    else connected();
  });
  state.stop = () => {
    request.unpipe(upstream);
  };
  if (hasBody(request)) upstream.flushHeaders();
  else upstream.end();
  return state;
}

function passBack(
  forwarding: Forwarding,
  target: Target,
  answer: IncomingMessage,
  on: { readonly done: () => void; readonly broken: () => void },
): void {
  const { response, request } = forwarding;
  const headers = [...endToEnd(answer.rawHeaders), ...forwarding.add(target)];
  if (answer.headers.date !== undefined) response.sendDate = false;
  // The body that the client kept back will not come: the connection cannot be used again.
  if (forwarding.expectsContinue && !request.complete) response.shouldKeepAlive = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", headers);
  // Without a length it may be a stream of events: the client must not wait for the first one.
  if (answer.headers["content-length"] === undefined) response.flushHeaders();
  answer.on("error", on.broken);
  answer.on("close", () => {
    if (!answer.complete) on.broken();
  });
  response.once("finish", on.done);
  response.on("error", () => answer.destroy());
  answer.pipe(response);
}

function requestHeaders({ request, drop }: Forwarding): readonly string[] {
  const headers = forwardedHeaders(request.rawHeaders, {
    address: request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown",
    drop,
  });
  const { localAddress, localPort } = request.socket;
  // An HTTP/1.0 client need not say Host, an HTTP/1.1 request must.
  if (request.headers.host === undefined) headers.push("Host", `${localAddress}:${localPort}`);
  if (request.headers["transfer-encoding"] !== undefined) {
    headers.push("Transfer-Encoding", "chunked");
  }
  return headers;
}

function mayRepeat(request: IncomingMessage, body: BodySending): boolean {
  if (!body.connected && !body.consumed) return true;
  // RFC 9110, 9.2.2: only these methods mean the same when sent twice.
  const idempotent = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
  return !hasBody(request) && idempotent.includes(request.method ?? "");
}

function hasBody(request: IncomingMessage): boolean {
  const length = firstValue(request.rawHeaders, "content-length");
  return (
    request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0")
  );
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = `${status === 504 ? "gateway timeout" : status === 503 ? "service unavailable" : "bad gateway"}: ${why}\n`;
  response.writeHead(status, {
    "Content-Type": "text/plain",
    "Content-Length": Buffer.byteLength(text),
    Connection: "close",
  });
  response.end(text);
}
