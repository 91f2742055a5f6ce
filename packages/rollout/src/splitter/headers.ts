/** Header fields that belong to one connection (RFC 9110, 7.6.1), and trailers, which are not passed on. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names and values in turn, as node:http gives and takes them: order, spelling and repetition are kept. */
export type RawHeaders = readonly string[];

/** Without the fields that end at this hop, those that `Connection` names, and those in `also` (lower case). */
export function endToEnd(raw: RawHeaders, also: readonly string[] = []): string[] {
  const named = new Set(also);
  eachHeader(raw, (name, value) => {
    if (name.toLowerCase() !== "connection") return;
    for (const token of value.split(",")) named.add(token.trim().toLowerCase());
  });
  const kept: string[] = [];
  eachHeader(raw, (name, value) => {
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.has(lower)) kept.push(name, value);
  });
  return kept;
}

/** The first value of a field, by lower-case name. */
export function firstValue(raw: RawHeaders, wanted: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === wanted) return raw[i + 1];
  }
  return undefined;
}

/** The request's headers as the backend gets them: forwarding fields added (RFC 9110, 7.6.3). */
export function forwardedHeaders(
  raw: RawHeaders,
  from: { readonly address: string; readonly drop: readonly string[] },
): string[] {
  const chain = all(raw, "x-forwarded-for");
  const via = all(raw, "via");
  const kept = endToEnd(raw, [...from.drop, "x-forwarded-for", "via"]);
  kept.push("X-Forwarded-For", [...chain, from.address].join(", "));
  if (firstValue(kept, "x-forwarded-proto") === undefined) kept.push("X-Forwarded-Proto", "http");
  const host = firstValue(kept, "host");
  if (host !== undefined && firstValue(kept, "x-forwarded-host") === undefined) {
    kept.push("X-Forwarded-Host", host);
  }
  kept.push("Via", [...via, "1.1 lithify"].join(", "));
  return kept;
}

function all(raw: RawHeaders, wanted: string): string[] {
  const found: string[] = [];
  eachHeader(raw, (name, value) => {
    if (name.toLowerCase() === wanted) found.push(value);
  });
  return found;
}

function eachHeader(raw: RawHeaders, visit: (name: string, value: string) => void): void {
  for (let i = 0; i + 1 < raw.length; i += 2) visit(raw[i] as string, raw[i + 1] as string);
}
