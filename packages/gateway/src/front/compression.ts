import { pipeline, Readable } from "node:stream";
import type { Answer } from "../answer/answer.ts";
import type { Headers } from "../http/headers.ts";
import type { IncomingRequest } from "../message/transaction.ts";
import type { Handler } from "./front.ts";

/**
 * A handler whose clients may send and get gzip: what comes compressed is expanded before anything
 * sees it, and an answer is compressed for who accepts that (RFC 9110, 12.5.3).
 */
export function compressing(handler: Handler): Handler {
  return (request, body, respond) => {
    const accepts = acceptsGzip(request.headers.get("accept-encoding"));
    const pack = (answer: Answer): void => respond(accepts ? compressed(answer) : answer);
    const packed = body !== undefined && isGzip(request.headers.get("content-encoding"));
    if (packed) handler(new ExpandedRequest(request), expanded(body), pack);
    else handler(request, body, pack);
  };
}

/** A request as if it had come without its coding. */
class ExpandedRequest implements IncomingRequest {
  readonly method: string;
  readonly uri: string;
  readonly httpVersion: string;
  readonly scheme: "http" | "https";
  readonly headers: Headers;
  readonly #request: IncomingRequest;

  constructor(request: IncomingRequest) {
    this.#request = request;
    this.method = request.method;
    this.uri = request.uri;
    this.httpVersion = request.httpVersion;
    this.scheme = request.scheme;
    this.headers = request.headers.copy();
    this.headers.delete("content-encoding");
    this.headers.delete("content-length");
  }

  get client(): string {
    return this.#request.client;
  }

  get local(): string {
    return this.#request.local;
  }
}

function expanded(body: Readable): Readable {
  const gunzip = process.getBuiltinModule("node:zlib").createGunzip();
  // an error reaches whoever reads what is expanded
  gunzip.on("error", () => {});
  pipeline(body, gunzip, () => {});
  return gunzip;
}

function compressed(answer: Answer): Answer {
  const { headers, body, status } = answer;
  if (status === 204 || status === 206 || status === 304) return answer;
  if (headers.get("content-encoding") !== undefined) return answer;
  if (/\bno-transform\b/i.test(headers.get("cache-control") ?? "")) return answer;
  const zlib = process.getBuiltinModule("node:zlib");
  if (body instanceof Uint8Array && body.length === 0) return answer;
  headers.set("Content-Encoding", ["gzip"]);
  headers.append("Vary", "Accept-Encoding");
  const source = body instanceof Uint8Array ? Readable.from([body]) : body;
  const gzip = zlib.createGzip();
  // the writer of the answer hears of the end that comes too early
  gzip.on("error", () => {});
  pipeline(source, gzip, () => {});
  const { reason, close } = answer;
  return { status, reason, headers, body: gzip, close };
}

function isGzip(coding: string | undefined): boolean {
  return coding !== undefined && /^(?:x-)?gzip$/i.test(coding.trim());
}

function acceptsGzip(text: string | undefined): boolean {
  for (const part of (text ?? "").split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((word) => word.trim());
    if (!isGzip(coding)) continue;
    return !parameters.some((parameter) => /^q=0(?:\.0*)?$/i.test(parameter));
  }
  return false;
}
