import type { RealmKit } from "./kit.ts";
import type { UtilBackend } from "./util-module.ts";

/** Runs inside a realm (its text is evaluated there): the module assert. */
export function installAssert(kit: RealmKit, backend: UtilBackend): object {
  interface Details {
    readonly message?: unknown;
    readonly actual?: unknown;
    readonly expected?: unknown;
    readonly operator?: string;
  }
  class AssertionError extends Error {
    override readonly name: string = "AssertionError";
    readonly code = "ERR_ASSERTION";
    readonly actual: unknown;
    readonly expected: unknown;
    readonly operator: string | undefined;
    readonly generatedMessage: boolean;
    constructor(details: Details = {}) {
      const { message, actual, expected, operator } = details;
      const shown = (value: unknown): string => backend.inspect(value, {});
      super(
        message === undefined
          ? `${shown(actual)} ${operator ?? "fail"} ${shown(expected)}`
          : String(message),
      );
      this.actual = actual;
      this.expected = expected;
      this.operator = operator;
      this.generatedMessage = message === undefined;
    }
  }
  const check = (holds: boolean, details: Details): void => {
    if (holds) return;
    throw details.message instanceof Error ? details.message : new AssertionError(details);
  };
  const pair =
    (operator: string, holds: (actual: unknown, expected: unknown) => boolean) =>
    (actual: unknown, expected: unknown, message?: unknown): void =>
      check(holds(actual, expected), { actual, expected, message, operator });
  const ok = (value: unknown, message?: unknown): void =>
    check(Boolean(value), { actual: value, expected: true, message, operator: "==" });
  const matches = (thrown: unknown, expected: unknown): boolean => {
    if (expected instanceof RegExp) return expected.test(String(thrown));
    if (typeof expected !== "function") return true;
    const type = expected as { prototype?: unknown };
    if (type.prototype !== undefined && thrown instanceof (expected as never)) return true;
    if (Object.getPrototypeOf(type) === Error || expected === Error) return false;
    return (expected as (thrown: unknown) => unknown)(thrown) === true;
  };
  const throws = (action: () => void, first?: unknown, second?: unknown): void => {
    const [expected, message] = typeof first === "string" ? [undefined, first] : [first, second];
    let thrown: { readonly value: unknown } | undefined;
    try {
      action();
    } catch (value) {
      thrown = { value };
    }
    const missing = { message: message ?? "Missing expected exception.", operator: "throws" };
    check(thrown !== undefined, missing);
    if (thrown !== undefined && !matches(thrown.value, expected)) throw thrown.value;
  };
  const doesNotThrow = (action: () => void, message?: unknown): void => {
    try {
      action();
    } catch (error) {
      const text = typeof message === "string" ? message : `Got unwanted exception.\n${error}`;
      check(false, { message: text, actual: error, operator: "doesNotThrow" });
    }
  };
  const deep =
    (strict: boolean, equal: boolean) =>
    (actual: unknown, expected: unknown): boolean =>
      backend.deepEqual(actual, expected, strict) === equal;
  const shared = {
    AssertionError,
    ok,
    // biome-ignore lint/suspicious/noDoubleEquals: equal is defined by ==
    equal: pair("==", (a, b) => a == b),
    // biome-ignore lint/suspicious/noDoubleEquals: notEqual is defined by !=
    notEqual: pair("!=", (a, b) => a != b),
    strictEqual: pair("===", Object.is),
    notStrictEqual: pair("!==", (a, b) => !Object.is(a, b)),
    deepEqual: pair("deepEqual", deep(false, true)),
    notDeepEqual: pair("notDeepEqual", deep(false, false)),
    deepStrictEqual: pair("deepStrictEqual", deep(true, true)),
    notDeepStrictEqual: pair("notDeepStrictEqual", deep(true, false)),
    fail: (message?: unknown) => check(false, { message: message ?? "Failed" }),
    ifError: (value: unknown) => {
      if (value !== undefined && value !== null) throw value;
    },
    throws,
    doesNotThrow,
  };
  return kit.freeze(
    Object.assign((value: unknown, message?: unknown) => ok(value, message), shared),
  );
}
