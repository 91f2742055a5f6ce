/** Stands between a realm and an object of the gateway: calls through, errors and values made local. */
export type Guard = <Host extends object>(host: Host) => Host;

/**
 * Runs inside a realm (its text is evaluated there): a maker of guards for objects with these
 * methods. What the gateway throws becomes an Error of the realm, plain objects and functions that
 * it gives become those of the realm, so that a script never holds anything whose prototype is not
 * frozen. Bytes are handed through: whoever gets them copies them.
 */
export function installGuard(names: readonly string[]): Guard {
  const localError = (error: unknown): unknown => {
    if (error instanceof Error) return error;
    const { message, name, code } = (error ?? {}) as Record<string, unknown>;
    const kinds: Record<string, ErrorConstructor> = { TypeError, RangeError, SyntaxError };
    const Kind = kinds[String(name)] ?? Error;
    return Object.assign(new Kind(String(message)), code === undefined ? {} : { code });
  };
  type Outer = (...values: readonly unknown[]) => unknown;
  const guarded =
    (outer: Outer) =>
    (...values: readonly unknown[]): unknown => {
      try {
        return localValue(outer(...values));
      } catch (error) {
        throw localError(error);
      }
    };
  const localValue = (value: unknown): unknown => {
    if (typeof value === "function") return guarded(value as Outer);
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Object || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return Array.from(value, localValue);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, localValue(part)]));
  };
  type Methods = Record<string, (...values: readonly unknown[]) => unknown>;
  class Guarded {
    readonly #host: Methods;
    constructor(host: object) {
      this.#host = host as Methods;
    }
    static {
      for (const name of names) {
        Object.defineProperty(Guarded.prototype, name, {
          value(this: Guarded, ...values: readonly unknown[]) {
            try {
              return localValue(this.#host[name]!(...values));
            } catch (error) {
              throw localError(error);
            }
          },
        });
      }
    }
  }
  return <Host extends object>(host: Host): Host => new Guarded(host) as unknown as Host;
}
