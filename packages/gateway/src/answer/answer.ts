import type { Readable } from "node:stream";
import { Headers } from "../http/headers.ts";
import type { Upgraded } from "../http/tunnel.ts";
import type { Failure } from "../message/failure.ts";
import {
  type Content,
  type ContentForm,
  emptyContent,
  type Transaction,
} from "../message/transaction.ts";
import { errorReason, faultBody, faultContentType } from "./fault-answer.ts";

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  /** The headers as lines with CRLF, where they are at hand without `headers`. */
  readonly lines?: string;
  readonly body: Uint8Array | Readable;
  /** The body as latin1, where it is at hand without `body`. */
  readonly text?: string | undefined;
  /** True when the connection ends with this answer. */
  readonly close: boolean;
  /** The backend's connection after a 101: the client's goes on with it, in another protocol. */
  readonly upgraded?: Upgraded;
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  414: "URI Too Long",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

/** The phrase that goes with a status; that of the default error for a 500. */
export function reasonOf(status: number): string {
  return status === 500 ? errorReason : (reasons[status] ?? errorReason);
}

const typeOfForm: Readonly<Record<ContentForm, string | undefined>> = {
  object: "application/json",
  xml: "text/xml",
  string: "text/plain",
  bytes: "application/octet-stream",
  message: undefined,
};

const objectHeaders = Headers.fromRaw([
  "X-Backside-Transport",
  "FAIL FAIL",
  "Content-Type",
  typeOfForm.object!,
]);

/** The answer of a transaction that skipped the backend: OUTPUT of its request rule. */
export function skippedAnswer(transaction: Transaction): Answer {
  return new SkippedAnswer(transaction, transaction.read("OUTPUT") ?? emptyContent);
}

/** What a rule has written; as bytes only for who asks for them. */
class SkippedAnswer implements Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly text: string | undefined;
  readonly close = false;
  readonly #content: Content;

  constructor(transaction: Transaction, content: Content) {
    const { status, reason } = statusOf(transaction, 200);
    this.status = status;
    this.reason = reason;
    this.headers = skippedHeaders(transaction, content);
    this.text = content.text;
    this.#content = content;
  }

  get body(): Uint8Array {
    return this.#content.bytes;
  }
}

function skippedHeaders(transaction: Transaction, content: Content | undefined): Headers {
  // an object where no policy has touched a header: always the same lines
  if (content?.form === "object" && !transaction.hasAnswer && !transaction.hasCurrent) {
    return objectHeaders.copy();
  }
  const headers = Headers.of("X-Backside-Transport", "FAIL FAIL");
  putAnswerHeaders(headers, transaction);
  putContentType(headers, transaction, content, undefined);
  return headers;
}

/**
 * The answer of an error rule that has run: 500 unless it says otherwise. One that has written
 * nothing leaves it at the default answer, with the status and the message that it may have set.
 */
export function errorRuleAnswer(
  transaction: Transaction,
  failure: Failure,
  output = "OUTPUT",
): Answer {
  const content = transaction.read(output);
  if (content === undefined) return defaultErrorAnswer(failure, transaction);
  const headers = Headers.of("X-Backside-Transport", "FAIL FAIL");
  putAnswerHeaders(headers, transaction);
  putContentType(headers, transaction, content, faultContentType);
  const ignored = Number(transaction.service.get("error-ignore") ?? 0) > 0;
  const { status, reason } = statusOf(transaction, ignored ? 200 : 500);
  return { status, reason, headers, body: content?.bytes ?? new Uint8Array(0), close: false };
}

/** The documented default answer to a failure that no error rule took care of. */
export function defaultErrorAnswer(failure: Failure, transaction?: Transaction): Answer {
  const headers = Headers.of("X-Backside-Transport", "FAIL FAIL");
  headers.append("Content-Type", faultContentType);
  for (const [name, value] of failure.headers ?? []) headers.append(name, value);
  const variable = transaction?.service.get("error-message");
  const message = variable === undefined ? failure.message : String(variable);
  const version = transaction?.service.get("log/soapversion");
  const text = faultBody(
    message,
    failure.side,
    version === undefined ? undefined : String(version),
  );
  const { status, reason } = errorStatus(failure, transaction);
  return {
    status,
    reason,
    headers,
    body: Buffer.from(text),
    close: true,
  };
}

/** The default error's status: what a policy has set for errors, else the failure's own, else 500. */
function errorStatus(
  failure: Failure,
  transaction: Transaction | undefined,
): { status: number; reason: string } {
  const own = failure.status ?? 500;
  const variable = transaction?.service.get("error-protocol-response");
  const status = variable === undefined ? own : Number.parseInt(String(variable), 10);
  const phrase = transaction?.service.get("error-protocol-reason-phrase");
  return { status, reason: phrase === undefined ? reasonOf(status) : phraseOf(phrase) };
}

/** The status that policies chose, else `otherwise`. */
export function statusOf(
  transaction: Transaction,
  otherwise: number,
  otherwiseReason?: string,
): { status: number; reason: string } {
  const variable = transaction.service.get("error-protocol-response");
  const chosen = variable === undefined ? undefined : Number.parseInt(String(variable), 10);
  const status = transaction.answerStatus ?? chosen ?? otherwise;
  const phrase = transaction.service.get("error-protocol-reason-phrase");
  const reason =
    transaction.answerReason ??
    (phrase === undefined ? undefined : phraseOf(phrase)) ??
    (status === otherwise ? otherwiseReason : undefined) ??
    (transaction.side === "error" ? reasonOf(status) : reasons[status]) ??
    "";
  return { status, reason };
}

/** A text as a reason phrase (RFC 9112, 4). */
function phraseOf(value: unknown): string {
  return String(value).replaceAll(/[^\x20-\x7e]/g, " ");
}

function putAnswerHeaders(headers: Headers, transaction: Transaction): void {
  if (!transaction.hasAnswer) return;
  for (const [name, values] of transaction.answer) {
    if (!isConnectionHeader(name)) headers.set(name, values);
  }
}

/**
 * The content type of what the gateway itself answers: what the answer headers say, else what a
 * policy set on the current headers, else what was written, else the message's own.
 */
function putContentType(
  headers: Headers,
  transaction: Transaction,
  content: Content | undefined,
  otherwise: string | undefined,
): void {
  if (transaction.hasAnswer && headers.get("content-type") !== undefined) return;
  const written = typeOfForm[content?.form ?? "message"];
  // an object's type gives way only to a policy, and no policy has touched these headers
  if (content?.form === "object" && !transaction.hasCurrent) {
    headers.set("Content-Type", [written!]);
    return;
  }
  const { current } = transaction;
  const set = current.wasSet("content-type") ? current.get("content-type") : undefined;
  const inherited = current.get("content-type");
  const type =
    set ?? (content?.form === "object" ? written : undefined) ?? otherwise ?? inherited ?? written;
  if (type !== undefined) headers.set("Content-Type", [type]);
}

const connectionHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
]);

/** Headers of one connection (RFC 9110, 7.6.1), and those that frame the body. */
export function isConnectionHeader(name: string): boolean {
  return connectionHeaders.has(name.toLowerCase());
}
