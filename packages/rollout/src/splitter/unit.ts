import { hash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { unreachable } from "@lithify/fault";
import type { SplitPlan } from "../plan/plan.ts";
import type { Side } from "../seams.ts";

/** Where one request goes, and as whom it counts. */
export interface Route {
  readonly side: Side;
  /** The user's bucket as a whole number below 2⁵²; absent when the request does not count as a user's. */
  readonly unit?: number;
  /** The user has been here before: what the sample-ratio check may count. */
  readonly returning: boolean;
  /** Value of a Set-Cookie header that makes a new user known. */
  readonly setCookie?: string;
}

const buckets = 2 ** 52;

/** The user's place between 0 and 1: the first 52 bits of SHA-256(salt ‖ unit). Canary when below the weight. */
export function bucketOf(salt: string, unit: string): number {
  return bucketNumber(salt, unit) / buckets;
}

/** Decides by override header, then allow-list, then bucket. Users that cannot be told stay on stable, uncounted. */
export function routeOf(split: SplitPlan, weight: number, request: IncomingMessage): Route {
  const forced = forcedSide(split, request);
  if (forced !== undefined) return { side: forced, returning: false };
  if (split.unit.from === "request") {
    const unit = randomBytes(6).readUIntBE(0, 6) * 16 + ((randomBytes(1)[0] ?? 0) & 15);
    return { side: unit / buckets < weight ? "canary" : "stable", unit, returning: true };
  }
  const known = unitOf(split.unit, request);
  if (known !== undefined && split.allow.includes(known))
    return { side: "canary", returning: false };
  if (known === undefined && split.unit.from !== "own-cookie") {
    return { side: "stable", returning: false };
  }
  const name = known ?? randomBytes(12).toString("base64url");
  const unit = bucketNumber(split.salt, name);
  return {
    side: unit / buckets < weight ? "canary" : "stable",
    unit,
    returning: known !== undefined,
    ...(known === undefined && split.unit.from === "own-cookie"
      ? { setCookie: `${split.unit.name}=${name}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax` }
      : {}),
  };
}

function bucketNumber(salt: string, unit: string): number {
  return Number.parseInt(hash("sha256", salt + unit, "hex").slice(0, 13), 16);
}

function forcedSide(split: SplitPlan, request: IncomingMessage): Side | undefined {
  if (split.override === undefined) return undefined;
  const value = request.headers[split.override.toLowerCase()];
  return value === "canary" || value === "stable" ? value : undefined;
}

function unitOf(
  source: Exclude<SplitPlan["unit"], { readonly from: "request" }>,
  request: IncomingMessage,
): string | undefined {
  switch (source.from) {
    case "cookie":
    case "own-cookie":
      return cookieOf(request.headers.cookie, source.name);
    case "header": {
      const value = request.headers[source.name.toLowerCase()];
      const first = Array.isArray(value) ? value[0] : value;
      return first === "" ? undefined : first;
    }
    case "address":
      return request.socket.remoteAddress?.replace(/^::ffff:/, "");
    default:
      return unreachable(source);
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) {
      const value = pair.slice(equals + 1).trim();
      return value === "" ? undefined : value;
    }
  }
  return undefined;
}
