import { Headers } from "../http/headers.ts";
import { headerLines } from "../http/request-head.ts";

/** The head of a backend's answer, and how its body is framed. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  /** Length in bytes, or that it comes in chunks, or that it ends with the connection. */
  readonly body: number | "chunked" | "until close";
  /** True when the connection can carry another request after this answer. */
  readonly keepsAlive: boolean;
}

/** An answer that is no HTTP, or could be read in two ways: nothing of it is passed on. */
export class BadResponse extends Error {}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/**
 * Parses the head of an answer to `method` by the strict reading of RFC 9112: lines end in CRLF,
 * nothing is folded, a body has one length or comes in chunks. `text` is the head as latin1 with
 * its last two CRLF left out but one. Throws BadResponse, or BadRequest for a malformed line.
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  const end = text.indexOf("\r\n");
  const line = statusLine.exec(text.slice(0, end));
  if (line === null) throw new BadResponse("the status line is malformed");
  const old = line[1] === "0";
  const status = Number(line[2]);
  const headers = Headers.fromRaw(headerLines(text.slice(end + 2)));
  const framed = framingOf(headers, old);
  const bodiless = method === "HEAD" || status === 204 || status === 304 || status < 200;
  const connection = headers.get("connection")?.toLowerCase();
  return {
    status,
    reason: line[3] ?? "",
    headers,
    body: bodiless ? 0 : framed,
    keepsAlive:
      (bodiless || framed !== "until close") &&
      (old ? hasWord(connection, "keep-alive") : !hasWord(connection, "close")),
  };
}

function framingOf(headers: Headers, old: boolean): ResponseHead["body"] {
  const lengths = headers.values("content-length");
  const encodings = headers.values("transfer-encoding");
  if (lengths.length > 1) throw new BadResponse("more than one Content-Length");
  if (encodings.length > 0) {
    if (lengths.length > 0) throw new BadResponse("both Content-Length and Transfer-Encoding");
    if (encodings.length > 1 || encodings[0]!.toLowerCase() !== "chunked") {
      throw new BadResponse("a Transfer-Encoding other than chunked");
    }
    if (old) throw new BadResponse("chunks in HTTP/1.0");
    return "chunked";
  }
  if (lengths.length === 0) return "until close";
  if (!/^\d{1,15}$/.test(lengths[0]!)) throw new BadResponse("Content-Length is no length");
  return Number(lengths[0]);
}

function hasWord(text: string | undefined, word: string): boolean {
  if (text === undefined) return false;
  return text === word || text.split(",").some((each) => each.trim() === word);
}
