import type { LimitAnswer, LimitRequest, ScriptHost } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module ratelimit for one run. */
export function installRatelimit(
  kit: RealmKit,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  type Kind = LimitRequest["kind"];
  const units: Readonly<Record<string, number>> = {
    second: 1000,
    minute: 60_000,
    hour: 3_600_000,
    day: 86_400_000,
  };
  class Limit {
    readonly #host: ScriptHost;
    readonly #kind: Kind;
    readonly #key: string;
    constructor(host: ScriptHost, kind: Kind, key: string) {
      this.#host = host;
      this.#kind = kind;
      this.#key = key;
    }
    protected change(
      operation: LimitRequest["operation"],
      amount: unknown,
      callback: unknown,
      then: (answer: LimitAnswer) => readonly unknown[],
    ): void {
      const done = kit.callback(callback);
      const request = { kind: this.#kind, key: this.#key, operation, amount: Number(amount) };
      const answer = this.#host.limit({ ...request, tokens: 0, size: 0, interval: 0 });
      const error = answer.allowed
        ? undefined
        : kit.failure(codes.limitExceeded, `the limit "${this.#key}" is exceeded`);
      this.#host.later(() => (done as (...values: unknown[]) => void)(error, ...then(answer)))();
    }
    reset(callback: unknown): void {
      this.change("reset", 0, callback, () => []);
    }
  }
  class Count extends Limit {
    add(amount: unknown, callback: unknown): void {
      this.change("add", amount, callback, ({ value }) => [value]);
    }
    sub(amount: unknown, callback: unknown): void {
      this.change("sub", amount, callback, ({ value }) => [value]);
    }
    count(callback: unknown): void {
      this.change("read", 0, callback, ({ value }) => [value]);
    }
  }
  class Rate extends Limit {
    remove(amount: unknown, callback: unknown): void {
      this.change("remove", amount, callback, ({ value, reset }) => [value, reset]);
    }
    remaining(callback: unknown): void {
      this.change("read", 0, callback, ({ value }) => [value]);
    }
  }
  kit.freeze([Count, Rate]);
  const millisecondsOf = (interval: unknown, unit: unknown): number => {
    const name = String(unit ?? "second").replace(/s$/, "");
    if (!Object.hasOwn(units, name)) throw new TypeError(`interval type ${name} is not known`);
    return Number(interval) * units[name]!;
  };
  return (host) => {
    const made = (kind: Kind, key: unknown): Limit =>
      kind === "count" || kind === "concurrent"
        ? new Count(host, kind, String(key))
        : new Rate(host, kind, String(key));
    const create = (
      kind: Kind,
      key: unknown,
      numbers: { readonly tokens: number; readonly size: number; readonly interval: number },
    ): Limit => {
      host.limit({ kind, key: String(key), operation: "create", amount: 0, ...numbers });
      return made(kind, key);
    };
    const known =
      (kind: Kind) =>
      (key: unknown): Limit | undefined => {
        const request = { kind, key: String(key), operation: "known" as const, amount: 0 };
        const { allowed } = host.limit({ ...request, tokens: 0, size: 0, interval: 0 });
        return allowed ? made(kind, key) : undefined;
      };
    const none = { tokens: 0, size: 0, interval: 0 };
    return Object.freeze({
      rate: known("rate"),
      count: known("count"),
      concurrent: known("concurrent"),
      tokenbucket: known("tokenbucket"),
      countCreate: (key: unknown) => create("count", key, none),
      concurrentCreate: (key: unknown) => create("concurrent", key, none),
      rateCreate: (key: unknown, tokens: unknown, interval: unknown, unit?: unknown) =>
        create("rate", key, {
          tokens: Number(tokens),
          size: Number(tokens),
          interval: millisecondsOf(interval, unit),
        }),
      tokenbucketCreate: (key: unknown, size: unknown, tokens: unknown, interval: unknown) =>
        create("tokenbucket", key, {
          tokens: Number(tokens),
          size: Number(size),
          interval: millisecondsOf(interval, undefined),
        }),
    });
  };
}
