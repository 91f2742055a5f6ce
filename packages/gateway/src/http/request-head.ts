import { Headers } from "./headers.ts";

/** How a request is framed and what it says about its connection. */
export interface Framing {
  readonly headers: Headers;
  /** Header lines, for limits on their number. */
  readonly count: number;
  readonly longestName: number;
  readonly longestValue: number;
  /** The length of the body in bytes, or that it comes in chunks; 0 is no body. */
  readonly body: number | "chunked";
  readonly closes: boolean;
  readonly keepsAlive: boolean;
  readonly expectsContinue: boolean;
  /** A handshake for WebSocket (RFC 6455, 4.1), as far as header lines tell. */
  readonly asksWebSocket: boolean;
  /** An expectation that nobody knows. */
  readonly unknownExpectation: boolean;
}

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly framing: Framing;
}

/** A request that is no HTTP: answered with 400 (or 505) and the end of the connection. */
export class BadRequest extends Error {
  readonly kind: "malformed" | "version" | "header";

  constructor(message: string, kind: BadRequest["kind"] = "malformed") {
    super(message);
    this.kind = kind;
  }
}

/**
 * Parses heads of requests by the strict reading of RFC 9112: lines end in CRLF, names are tokens,
 * nothing is folded, and a message has one length at most. Keeps the last block of header lines:
 * clients that keep a connection send the same ones again and again.
 */
export class HeadParser {
  #block = "";
  #framing: Framing | undefined;

  /** `text` is the head as latin1 with its last two CRLF left out but one. Throws BadRequest. */
  parse(text: string): RequestHead {
    const end = text.indexOf("\r\n");
    const line = requestLine.exec(text.slice(0, end));
    if (line === null) throw new BadRequest("the request line is malformed");
    const [, method, target, version] = line as unknown as [string, string, string, string];
    if (version !== "1.1" && version !== "1.0") {
      throw new BadRequest(`HTTP/${version} is not served`, "version");
    }
    checkTarget(method, target);
    const block = text.slice(end + 2);
    if (this.#framing === undefined || block !== this.#block) {
      this.#framing = framingOf(block);
      this.#block = block;
    }
    const framing = this.#framing;
    if (version === "1.0" && framing.body === "chunked") {
      throw new BadRequest("chunks in HTTP/1.0");
    }
    return { method, target, version, framing };
  }
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP\/(\d\.\d)$/;
/** One quantifier before each end, so that a line that does not match costs its length once. */
const headerLine = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)\r\n/y;

/** RFC 9112, 3.2: a path, a whole URL, `*` for OPTIONS; CONNECT has a form of its own. */
export function checkTarget(method: string, target: string): void {
  if (target.startsWith("/") || method === "CONNECT") return;
  if (target === "*" && method === "OPTIONS") return;
  if (!/^https?:\/\/[^/?#]/i.test(target)) throw new BadRequest("the request target is malformed");
}

function framingOf(block: string): Framing {
  const raw = headerLines(block);
  const headers = Headers.fromRaw(raw);
  const lengths = headers.values("content-length");
  const encodings = headers.values("transfer-encoding");
  if (headers.values("host").length > 1) throw new BadRequest("more than one Host");
  if (lengths.length > 1) throw new BadRequest("more than one Content-Length");
  if (lengths.length > 0 && encodings.length > 0) {
    throw new BadRequest("both Content-Length and Transfer-Encoding");
  }
  const connection = words(headers.get("connection"));
  const expectation = headers.get("expect")?.toLowerCase();
  let longestName = 0;
  let longestValue = 0;
  for (let at = 0; at < raw.length; at += 2) {
    longestName = Math.max(longestName, raw[at]!.length);
    longestValue = Math.max(longestValue, raw[at + 1]!.length);
  }
  return {
    headers,
    count: raw.length / 2,
    longestName,
    longestValue,
    body: encodings.length > 0 ? chunked(encodings) : lengthOf(lengths[0]),
    closes: connection.includes("close"),
    keepsAlive: connection.includes("keep-alive"),
    expectsContinue: expectation === "100-continue",
    asksWebSocket:
      connection.includes("upgrade") && headers.get("upgrade")?.toLowerCase() === "websocket",
    unknownExpectation: expectation !== undefined && expectation !== "100-continue",
  };
}

/** Names and values of header lines, in turn; also of trailers. Throws BadRequest. */
export function headerLines(block: string): string[] {
  const raw: string[] = [];
  let at = 0;
  while (at < block.length) {
    headerLine.lastIndex = at;
    const found = headerLine.exec(block);
    if (found === null) throw new BadRequest("a header line is malformed");
    raw.push(found[1]!, trimmed(found[2]!));
    at = headerLine.lastIndex;
  }
  return raw;
}

function lengthOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,15}$/.test(text)) throw new BadRequest("Content-Length is no length");
  return Number(text);
}

function chunked(encodings: readonly string[]): "chunked" {
  if (encodings.length > 1 || encodings[0]!.toLowerCase() !== "chunked") {
    throw new BadRequest("a Transfer-Encoding other than chunked");
  }
  return "chunked";
}

function words(text: string | undefined): string[] {
  return text === undefined
    ? []
    : text
        .toLowerCase()
        .split(",")
        .map((word) => word.trim());
}

/** Without blanks and tabs at both ends, and only those. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text[from] === " " || text[from] === "\t")) from++;
  while (to > from && (text[to - 1] === " " || text[to - 1] === "\t")) to--;
  return text.slice(from, to);
}
