import type { RealmKit } from "./kit.ts";

/** What the realm's util, assert and sprintf borrow from Node, on values of the realm. */
export interface UtilBackend {
  format(values: readonly unknown[]): string;
  sprintf(values: readonly unknown[]): string;
  inspect(value: unknown, options: InspectOptions): string;
  deepEqual(left: unknown, right: unknown, strict: boolean): boolean;
  isProxy(value: unknown): boolean;
}

export interface InspectOptions {
  readonly depth?: number | null | undefined;
  readonly showHidden?: boolean;
  readonly colors?: boolean;
}

/** Runs inside a realm (its text is evaluated there): the module util. */
export function installUtil(kit: RealmKit, backend: UtilBackend): object {
  const typeNames: ReadonlyArray<readonly [string, new (...values: never[]) => object]> = [
    ["Buffer", kit.Buffer as never],
    ["Buffers", kit.Buffers as never],
    ["Error", Error],
    ["Date", Date],
    ["RegExp", RegExp],
    ["Map", Map],
    ["Set", Set],
    ["Promise", Promise],
  ];
  const safeTypeOf = (value: unknown): string => {
    if (value === null) return "null";
    if (Array.isArray(value)) return "array";
    const known = typeNames.find(([, type]) => value instanceof type);
    return known?.[0].toLowerCase() ?? kit.xmlType(value) ?? typeof value;
  };
  const custom = Symbol.for("nodejs.util.promisify.custom");
  const promisify = (target: unknown): unknown => {
    if (typeof target !== "function") throw new TypeError("a function is required");
    const own: unknown = (target as unknown as Record<symbol, unknown>)[custom];
    if (own !== undefined) return own;
    if (target === setTimeout) {
      return (delay: number, value: unknown) =>
        new Promise((resolve) => setTimeout(resolve, delay, value));
    }
    return function (this: unknown, ...values: readonly unknown[]) {
      return new Promise((resolve, reject) => {
        target.call(this, ...values, (error: unknown, value: unknown) =>
          error === undefined || error === null ? resolve(value) : reject(error),
        );
      });
    };
  };
  const callbackify =
    (target: (...values: readonly unknown[]) => Promise<unknown>) =>
    (...values: readonly unknown[]): void => {
      const done = kit.callback(values.at(-1));
      target(...values.slice(0, -1)).then(
        (value) => done(null, value),
        (error) => done(error),
      );
    };
  const is =
    (type: string) =>
    (value: unknown): boolean =>
      safeTypeOf(value) === type;
  return kit.freeze({
    format: (...values: readonly unknown[]) => backend.format(values),
    inspect: (value: unknown, options?: InspectOptions | boolean, depth?: number) =>
      backend.inspect(
        value,
        typeof options === "object" ? { ...options } : { showHidden: options === true, depth },
      ),
    promisify: Object.assign(promisify, { custom }),
    callbackify,
    safeTypeOf,
    isDeepStrictEqual: (left: unknown, right: unknown) => backend.deepEqual(left, right, true),
    inherits(child: { prototype: object }, parent: { prototype: object }): void {
      Object.defineProperty(child, "super_", { value: parent, writable: true, configurable: true });
      Object.setPrototypeOf(child.prototype, parent.prototype);
    },
    deprecate: (target: unknown) => target,
    isArray: Array.isArray,
    isBuffer: is("buffer"),
    isDate: is("date"),
    isRegExp: is("regexp"),
    isError: is("error"),
    isBoolean: (value: unknown) => typeof value === "boolean",
    isFunction: (value: unknown) => typeof value === "function",
    isNull: (value: unknown) => value === null,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isNumber: (value: unknown) => typeof value === "number",
    isObject: (value: unknown) => typeof value === "object" && value !== null,
    isPrimitive: (value: unknown) =>
      value === null || (typeof value !== "object" && typeof value !== "function"),
    isString: (value: unknown) => typeof value === "string",
    isSymbol: (value: unknown) => typeof value === "symbol",
    isUndefined: (value: unknown) => value === undefined,
    types: {
      isDate: is("date"),
      isRegExp: is("regexp"),
      isMap: is("map"),
      isSet: is("set"),
      isPromise: is("promise"),
      isNativeError: is("error"),
      isProxy: (value: unknown) => backend.isProxy(value),
    },
  });
}

/** Runs inside a realm: the module sprintf, which is a function with a method of its own name. */
export function installSprintf(kit: RealmKit, backend: UtilBackend): object {
  const sprintf = (...values: readonly unknown[]): string => backend.sprintf(values);
  const vsprintf = (format: unknown, values: readonly unknown[]): string =>
    backend.sprintf([format, ...values]);
  return kit.freeze(Object.assign(sprintf, { sprintf, vsprintf }));
}
