import { Headers } from "../http/headers.ts";
import { BadRequest, checkTarget, type RequestHead } from "../http/request-head.ts";

/**
 * The head of an HTTP/2 request as rules see it, whatever the version: `:authority` is the Host,
 * cookies are one line (RFC 9113, 8.2.3 and 8.3.1). Throws BadRequest for what HTTP/1.1 could not
 * say, so that nothing can be smuggled to a backend.
 */
export function headOfHttp2(raw: readonly string[], ends: boolean): RequestHead {
  const pseudo = new Map<string, string>();
  const fields: string[] = [];
  const cookies: string[] = [];
  let longestName = 0;
  let longestValue = 0;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name, value] = [raw[at]!, raw[at + 1]!];
    if (name.startsWith(":")) {
      pseudo.set(name, value);
      continue;
    }
    checkField(name, value);
    longestName = Math.max(longestName, name.length);
    longestValue = Math.max(longestValue, value.length);
    if (name === "cookie") cookies.push(value);
    else fields.push(name, value);
  }
  if (cookies.length > 0) fields.push("cookie", cookies.join("; "));
  const method = pseudo.get(":method") ?? "";
  const target = pseudo.get(":path") ?? "";
  if (!token.test(method) || !/^[\x21-\x7e]+$/.test(target)) {
    throw new BadRequest("the request's method or path is malformed");
  }
  checkTarget(method, target);
  const headers = Headers.fromRaw(withHost(fields, pseudo.get(":authority")));
  if (headers.values("host").length > 1) throw new BadRequest("more than one Host");
  if (headers.values("content-length").length > 1) {
    throw new BadRequest("more than one Content-Length");
  }
  const expectation = headers.get("expect")?.toLowerCase();
  return {
    method,
    target,
    version: "2.0",
    framing: {
      headers,
      count: raw.length / 2 - pseudo.size,
      longestName,
      longestValue,
      body: ends ? 0 : "chunked",
      closes: false,
      keepsAlive: true,
      expectsContinue: expectation === "100-continue",
      asksWebSocket: false,
      unknownExpectation: expectation !== undefined && expectation !== "100-continue",
    },
  };
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers of a connection, which HTTP/2 does not have (RFC 9113, 8.2.2). */
const ofConnection = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;

function checkField(name: string, value: string): void {
  if (!token.test(name) || /[A-Z]/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new BadRequest("a header is malformed");
  }
  if (ofConnection.test(name) || (name === "te" && value.toLowerCase() !== "trailers")) {
    throw new BadRequest(`header ${name} in HTTP/2`);
  }
}

/** The authority stands before the other headers, as a Host does; a Host beside it must agree. */
function withHost(fields: readonly string[], authority: string | undefined): readonly string[] {
  if (authority === undefined) return fields;
  checkField("host", authority);
  const at = fields.indexOf("host");
  if (at < 0 || at % 2 === 1) return ["host", authority, ...fields];
  if (fields[at + 1] !== authority) throw new BadRequest("Host is another one than :authority");
  return fields;
}
