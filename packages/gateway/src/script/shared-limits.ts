import type { LimitAnswer, LimitRequest } from "./script-host.ts";

/** Most limits that are kept at once; the least used ones go first. */
export const mostLimits = 10_000;

interface Limit {
  readonly tokens: number;
  readonly size: number;
  readonly interval: number;
  /** The count, or the tokens that are left. */
  value: number;
  /** When the tokens were last filled up, in milliseconds of a clock that never goes back. */
  since: number;
}

const limits = new Map<string, Limit>();

/**
 * Changes or reads a limit that all transactions of this process share. `owner` keeps the limits
 * of domains apart; `now` is in milliseconds. A rate has `tokens` in each `interval` from its first
 * use on; a token bucket holds at most `size`, and `tokens` come back in each `interval`, evenly.
 * Throws Error for a limit that was not made, and RangeError for numbers that make no sense.
 */
export function changeLimit(owner: string, request: LimitRequest, now: number): LimitAnswer {
  const { kind, operation } = request;
  const key = `${owner}${kind}/${request.key}`;
  if (operation === "create") return create(key, request, now);
  const limit = limits.get(key);
  if (limit === undefined) {
    if (operation === "known") return { allowed: false, value: 0, reset: 0 };
    throw new Error(`no ${kind} limit "${request.key}" has been created`);
  }
  limits.delete(key);
  limits.set(key, limit);
  refill(kind, limit, now);
  switch (operation) {
    case "add":
      limit.value += amountOf(request);
      break;
    case "sub":
      limit.value = Math.max(0, limit.value - amountOf(request));
      break;
    case "reset":
      limit.value = full(kind, limit);
      limit.since = now;
      break;
    case "remove": {
      const amount = amountOf(request);
      if (amount > limit.value) return answerOf(limit, false, now);
      limit.value -= amount;
    }
  }
  return answerOf(limit, true, now);
}

function create(key: string, request: LimitRequest, now: number): LimitAnswer {
  const { kind, tokens, size, interval } = request;
  if (kind === "rate" || kind === "tokenbucket") {
    for (const [name, value] of Object.entries({ tokens, size, interval })) {
      if (!(value > 0 && Number.isFinite(value))) {
        throw new RangeError(`the ${name} of a ${kind} limit must be greater than 0`);
      }
    }
  }
  const known = limits.get(key);
  const same =
    known?.tokens === tokens && known.size === size && known.interval === interval && known;
  const limit = same || { tokens, size, interval, value: full(kind, { size, tokens }), since: now };
  refill(kind, limit, now);
  limits.delete(key);
  limits.set(key, limit);
  for (const oldest of limits.keys()) {
    if (limits.size <= mostLimits) break;
    limits.delete(oldest);
  }
  return answerOf(limit, true, now);
}

function full(kind: LimitRequest["kind"], limit: Pick<Limit, "tokens" | "size">): number {
  if (kind === "rate") return limit.tokens;
  return kind === "tokenbucket" ? limit.size : 0;
}

function refill(kind: LimitRequest["kind"], limit: Limit, now: number): void {
  const { tokens, size, interval } = limit;
  if (kind === "rate") {
    const passed = Math.floor((now - limit.since) / interval);
    if (passed < 1) return;
    limit.since += passed * interval;
    limit.value = tokens;
  } else if (kind === "tokenbucket") {
    limit.value = Math.min(size, limit.value + ((now - limit.since) / interval) * tokens);
    limit.since = now;
  }
}

function amountOf({ amount }: LimitRequest): number {
  if (!(amount >= 0 && Number.isFinite(amount))) throw new RangeError(`not an amount: ${amount}`);
  return amount;
}

function answerOf(limit: Limit, allowed: boolean, now: number): LimitAnswer {
  const rest = limit.interval - (now - limit.since);
  return { allowed, value: Math.floor(limit.value), reset: Math.max(0, Math.ceil(rest / 1000)) };
}
