import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished, type Readable } from "node:stream";
import type { ListenerPlan } from "../plan/service-plan.ts";
import { type Answer, defaultErrorAnswer } from "./answer.ts";
import { type Failure, failureCodes } from "./fault-answer.ts";
import { Headers } from "./headers.ts";
import type { IncomingRequest } from "./transaction.ts";

/** Takes a request to its answer; never rejects. */
export type Handler = (request: IncomingRequest, body: Readable | undefined) => Promise<Answer>;

/** A front side handler that is listening. */
export interface Listener {
  readonly plan: ListenerPlan;
  readonly port: number;
  /** Stops accepting, ends idle connections, lets requests in flight finish until `deadline` ms. */
  close(deadline: number): Promise<void>;
}

/** Statuses of refusals before any rule. Not verified on the product: one place to change them. */
const refusalStatus = {
  method: 405,
  version: 505,
  uri: 414,
  header: 431,
  malformed: 400,
  feature: 400,
} as const;

/** Times that the service sets for its clients, in milliseconds. */
export interface FrontTimes {
  readonly idleInMessage: number;
  readonly betweenMessages: number;
}

/** Starts listening; rejects with the system's error when the address cannot be had. */
export async function openListener(
  plan: ListenerPlan,
  port: number,
  times: FrontTimes,
  handler: Handler,
): Promise<Listener> {
  let closing = false;
  const server = createServer(
    {
      maxHeaderSize: plan.maxHeaderBytes,
      headersTimeout: plan.headerTimeout,
      requestTimeout: 0,
      keepAliveTimeout: times.betweenMessages,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    (request, response) => {
      const refusal = refusalOf(plan, request);
      const answered = refusal === undefined ? handle(request, handler) : Promise.resolve(refusal);
      void answered
        .then((answer) => {
          const close =
            answer.close || closing || !plan.persistent || endsConnection(request, answer);
          send(request, response, close ? { ...answer, close } : answer);
        })
        .catch(() => response.destroy());
    },
  );
  server.maxRequestsPerSocket = plan.maxPersistentReuse;
  server.setTimeout(times.idleInMessage, (socket: Socket) => socket.destroy());
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    answerClientError(error, socket);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listen(server, plan.address, port);
  const address = server.address();
  return {
    plan,
    port: typeof address === "object" && address !== null ? address.port : port,
    close(deadline) {
      closing = true;
      return closeServer(server, sockets, deadline);
    },
  };
}

function handle(request: IncomingMessage, handler: Handler): Promise<Answer> {
  const { socket, headers } = request;
  const hasBody =
    headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  return handler(
    {
      method: request.method ?? "",
      uri: uriOf(request.url ?? "/"),
      httpVersion: request.httpVersion,
      headers: Headers.fromRaw(request.rawHeaders),
      client: `${plainAddress(socket.remoteAddress)}:${socket.remotePort ?? 0}`,
      local: `${plainAddress(socket.localAddress)}:${socket.localPort ?? 0}`,
    },
    hasBody ? request : undefined,
  );
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, headers, body, close } = answer;
  response.on("error", () => response.destroy());
  response.sendDate = false;
  response.statusCode = status;
  response.statusMessage = answer.reason.replaceAll(/[^\t\x20-\x7e]/g, "?");
  for (const [name, values] of headers) {
    response.setHeader(name, values.length > 1 ? values : values[0]!);
  }
  response.setHeader("Connection", close ? "close" : "Keep-Alive");
  const bodiless = status === 204 || status === 304;
  if (!bodiless && request.httpVersion === "1.1") {
    response.setHeader("Transfer-Encoding", "chunked");
  } else if (!bodiless && body instanceof Uint8Array) {
    response.setHeader("Content-Length", body.length);
  }
  if (body instanceof Uint8Array) {
    response.end(bodiless ? undefined : body);
  } else {
    body.on("error", () => response.destroy());
    finished(response, () => body.destroy());
    body.pipe(response);
  }
  // an answer that came before the whole request was read leaves nothing to read on
  if (!request.complete) request.resume();
}

/** The client asked for the end, or cannot tell where the body ends (HTTP/1.0). */
function endsConnection(request: IncomingMessage, answer: Answer): boolean {
  const connection = (request.headers.connection ?? "").toLowerCase();
  if (request.httpVersion !== "1.0") return connection.includes("close");
  return !connection.includes("keep-alive") || !(answer.body instanceof Uint8Array);
}

function refusalOf(plan: ListenerPlan, request: IncomingMessage): Answer | undefined {
  const { method = "", url = "", httpVersion, rawHeaders } = request;
  const { features } = plan;
  if (!features.has(`HTTP-${httpVersion}`)) return refuse("version", `HTTP/${httpVersion}`);
  if (!features.has(method) && !(features.has("CustomMethods") && !isKnownMethod(method))) {
    return refuse("method", `method ${method} is not allowed`);
  }
  const question = url.indexOf("?");
  const query = question < 0 ? "" : url.slice(question + 1);
  if (url.length > plan.maxUrlLength) return refuse("uri", "the URL is too long");
  if (plan.maxQueryLength > 0 && query.length > plan.maxQueryLength) {
    return refuse("uri", "the query string is too long");
  }
  const forbidden = forbiddenFeature(
    features,
    question < 0 ? url : url.slice(0, question),
    query,
    question >= 0,
  );
  if (forbidden !== undefined) return refuse("feature", forbidden);
  return exceedsHeaderLimits(plan, rawHeaders)
    ? refuse("header", "a header limit is exceeded")
    : undefined;
}

function forbiddenFeature(
  features: ReadonlySet<string>,
  path: string,
  query: string,
  hasQuery: boolean,
): string | undefined {
  if (hasQuery && !features.has("QueryString")) return "query strings are not allowed";
  if (path.includes("#") && !features.has("FragmentIdentifiers"))
    return "fragments are not allowed";
  const dots = features.has("DotDot");
  const decoded = path.replaceAll(/%2e/gi, ".");
  if (decoded.includes("..") && !dots && !features.has("DotDotInPath")) return ".. in the path";
  if (
    query.replaceAll(/%2e/gi, ".").includes("..") &&
    !dots &&
    !features.has("DotDotInQueryString")
  ) {
    return ".. in the query string";
  }
  if (/cmd\.exe/i.test(path) && !features.has("CmdExe")) return "cmd.exe in the path";
  return undefined;
}

function exceedsHeaderLimits(plan: ListenerPlan, raw: readonly string[]): boolean {
  const { maxHeaderCount, maxHeaderNameLength, maxHeaderValueLength } = plan;
  if (maxHeaderCount > 0 && raw.length / 2 > maxHeaderCount) return true;
  if (maxHeaderNameLength === 0 && maxHeaderValueLength === 0) return false;
  return raw.some((text, index) => {
    const limit = index % 2 === 0 ? maxHeaderNameLength : maxHeaderValueLength;
    return limit > 0 && text.length > limit;
  });
}

function refuse(kind: keyof typeof refusalStatus, detail: string): Answer {
  const code = failureCodes.dynamicExecution;
  const failure: Failure = {
    code,
    subcode: code,
    message: detail,
    side: "client",
    status: refusalStatus[kind],
  };
  return defaultErrorAnswer(failure);
}

/** A request that is no HTTP, or exceeds what the parser takes: answered on the bare socket. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const overflow = error.code === "HPE_HEADER_OVERFLOW";
  const answer = refuse(
    overflow ? "header" : "malformed",
    overflow ? "the header is too long" : "the request is malformed",
  );
  const lines = [...answer.headers].map(([name, values]) => `${name}: ${values.join(", ")}`);
  const body = answer.body as Uint8Array;
  const head = [
    `HTTP/1.1 ${answer.status} ${answer.reason}`,
    ...lines,
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
}

function isKnownMethod(method: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)$/.test(method);
}

/** Path and query of a request target, which may be a whole URL (RFC 9112, 3.2). */
function uriOf(target: string): string {
  const absolute = /^https?:\/\/[^/?]*([/?].*)?$/i.exec(target);
  if (absolute === null) return target;
  const rest = absolute[1] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/, "");
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 511 }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

function closeServer(
  server: Server,
  sockets: ReadonlySet<Socket>,
  deadline: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadline);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
    // Node does not count a connection that has not sent anything yet as idle
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}
