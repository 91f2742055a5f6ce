import type { OpenedUrl, ScriptHost, UrlRequest } from "../script-host.ts";
import type { RealmBuffer } from "./buffer.ts";

/** What the realm's modules borrow from Node, always on plain values. */
export interface ModuleBackend {
  format(values: readonly unknown[]): string;
  inspect(value: unknown, depth: number): string;
  deepEqual(left: unknown, right: unknown, strict: boolean): boolean;
  /** `module.function(...values)` of url, querystring, punycode: plain values in and out. */
  plain(module: string, name: string, values: readonly unknown[]): unknown;
  hash(
    algorithm: string,
    key: Uint8Array | string | undefined,
    parts: readonly Uint8Array[],
  ): Uint8Array;
  randomBytes(size: number): Uint8Array;
  bytesOf(text: string, encoding: string): Uint8Array;
}

/** Makes a built-in module for one run; undefined for a name that is none. */
export type BuiltinMaker = (name: string, host: ScriptHost) => unknown;

/** Runs inside a realm (its text is evaluated there): the built-in modules except metadata. */
export function installModules(backend: ModuleBackend, Buffer: RealmBuffer): BuiltinMaker {
  type Done = (error?: unknown, value?: unknown) => void;
  const needDone = (callback: unknown): Done => {
    if (typeof callback !== "function") throw new TypeError("a callback function is required");
    return callback as Done;
  };
  const adopt = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (ArrayBuffer.isView(value)) return Buffer.over(value as Uint8Array);
    if (Array.isArray(value)) return Array.from(value, adopt);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, adopt(member)]));
  };
  const borrowed = (module: string, names: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(
      names.map((name) => [
        name,
        (...values: readonly unknown[]) => adopt(backend.plain(module, name, values)),
      ]),
    );
  const freeze = <T extends object>(value: T): T => {
    for (const member of Object.values(value)) {
      if (typeof member === "function") {
        Object.freeze(member);
        Object.freeze(member.prototype);
      }
    }
    return Object.freeze(value);
  };
  const bytes = (value: unknown, encoding = "utf8"): Uint8Array =>
    typeof value === "string" ? backend.bytesOf(value, encoding) : (value as Uint8Array);

  const util = freeze({
    format: (...values: readonly unknown[]) => backend.format(values),
    inspect: (value: unknown, options?: { depth?: number }) =>
      backend.inspect(value, options?.depth ?? 2),
    promisify:
      (target: (...values: unknown[]) => void) =>
      (...values: unknown[]) =>
        new Promise((resolve, reject) => {
          target(...values, (error: unknown, value: unknown) =>
            error === undefined || error === null ? resolve(value) : reject(error),
          );
        }),
    safeTypeOf: (value: unknown) => {
      if (value === null) return "null";
      if (Array.isArray(value)) return "array";
      if (value instanceof (Buffer as unknown as new () => object)) return "buffer";
      return value instanceof Error ? "error" : typeof value;
    },
    isArray: Array.isArray,
  });

  class AssertionError extends Error {
    override readonly name: string = "AssertionError";
  }
  const check = (holds: boolean, message: unknown, otherwise: string): void => {
    if (!holds)
      throw message instanceof Error ? message : new AssertionError(String(message ?? otherwise));
  };
  const same = (a: unknown, b: unknown, strict: boolean): boolean =>
    backend.deepEqual(a, b, strict);
  const ok = (value: unknown, message?: unknown): void =>
    check(Boolean(value), message, "not true");
  const assert = freeze(
    Object.assign((value: unknown, message?: unknown) => ok(value, message), {
      AssertionError,
      ok,
      // biome-ignore lint/suspicious/noDoubleEquals: equal is defined by ==
      equal: (a: unknown, b: unknown, m?: unknown) => check(a == b, m, "not equal"),
      // biome-ignore lint/suspicious/noDoubleEquals: notEqual is defined by !=
      notEqual: (a: unknown, b: unknown, m?: unknown) => check(a != b, m, "equal"),
      strictEqual: (a: unknown, b: unknown, m?: unknown) => check(Object.is(a, b), m, "not equal"),
      notStrictEqual: (a: unknown, b: unknown, m?: unknown) => check(!Object.is(a, b), m, "equal"),
      deepEqual: (a: unknown, b: unknown, m?: unknown) => check(same(a, b, false), m, "not equal"),
      deepStrictEqual: (a: unknown, b: unknown, m?: unknown) =>
        check(same(a, b, true), m, "not equal"),
      notDeepEqual: (a: unknown, b: unknown, m?: unknown) => check(!same(a, b, false), m, "equal"),
      fail: (message?: unknown) => check(false, message, "failed"),
      throws: (action: () => void, expected?: unknown, message?: unknown) => {
        let thrown: unknown;
        try {
          action();
        } catch (error) {
          thrown = error;
        }
        check(thrown !== undefined, message, "nothing was thrown");
        if (expected instanceof RegExp)
          check(expected.test(String(thrown)), message, "threw something else");
      },
    }),
  );

  class Digest {
    readonly #algorithm: string;
    readonly #key: Uint8Array | string | undefined;
    #parts: Uint8Array[] = [];
    constructor(algorithm: string, key?: Uint8Array | string) {
      this.#algorithm = algorithm;
      this.#key = key;
    }
    update(data: unknown, encoding?: string): Digest {
      this.#parts.push(bytes(data, encoding));
      return this;
    }
    digest(encoding?: string): unknown {
      const result = Buffer.over(backend.hash(this.#algorithm, this.#key, this.#parts));
      return encoding === undefined
        ? result
        : (result.toString as (encoding: string) => string)(encoding);
    }
  }
  Object.freeze(Digest.prototype);
  const crypto = freeze({
    createHash: (algorithm: string) => new Digest(algorithm),
    createHmac: (algorithm: string, key: Uint8Array | string) => new Digest(algorithm, key),
    randomBytes: (size: number) => Buffer.over(backend.randomBytes(size)),
  });

  const shared: Readonly<Record<string, unknown>> = Object.freeze({
    util,
    assert,
    crypto,
    querystring: freeze(
      borrowed("querystring", ["parse", "stringify", "escape", "unescape", "decode", "encode"]),
    ),
    url: freeze(borrowed("url", ["parse", "format", "resolve"])),
    punycode: freeze(borrowed("punycode", ["encode", "decode", "toASCII", "toUnicode"])),
    sprintf: freeze({ sprintf: (...values: readonly unknown[]) => backend.format(values) }),
  });

  class UrlResponse {
    readonly #host: ScriptHost;
    readonly #opened: OpenedUrl;
    readonly statusCode: number;
    readonly reasonPhrase: string;
    readonly headers: Readonly<Record<string, unknown>>;
    constructor(host: ScriptHost, opened: OpenedUrl) {
      this.#host = host;
      this.#opened = opened;
      this.statusCode = opened.statusCode;
      this.reasonPhrase = opened.reasonPhrase;
      this.headers = Object.fromEntries(
        opened.headers.map(([name, values]) => [name, values.length > 1 ? [...values] : values[0]]),
      );
    }
    get(first?: unknown, second?: unknown): unknown {
      const name = typeof first === "object" ? second : first;
      if (name === undefined) return this.headers;
      const wanted = String(name).toLowerCase();
      return Object.entries(this.headers).find(([key]) => key.toLowerCase() === wanted)?.[1];
    }
    readAsBuffer(callback: unknown): void {
      const done = needDone(callback);
      this.#host.later(() => done(undefined, Buffer.over(this.#opened.body)))();
    }
    readAsBuffers(callback: unknown): void {
      this.readAsBuffer(callback);
    }
    readAsJSON(callback: unknown): void {
      const done = needDone(callback);
      this.#host.later(() => {
        let value: unknown;
        try {
          value = JSON.parse(this.#host.textOf(this.#opened.body));
        } catch (error) {
          done(error);
          return;
        }
        done(undefined, value);
      })();
    }
    discard(callback?: unknown): void {
      if (callback !== undefined) this.#host.later(needDone(callback))();
    }
    disconnect(): void {}
  }
  Object.freeze(UrlResponse.prototype);

  interface OpenOptions {
    readonly target: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly contentType?: string;
    readonly timeout?: number;
    readonly data?: unknown;
    readonly sslClientProfile?: string;
    readonly sslProxyProfile?: string;
  }
  const urlRequest = (options: OpenOptions): UrlRequest => {
    const { data } = options;
    const raw = typeof data === "string" || ArrayBuffer.isView(data) || data === undefined;
    const type = options.contentType ?? (raw ? undefined : "application/json");
    return {
      target: String(options.target),
      method: String(options.method ?? "get").toUpperCase(),
      headers: { ...options.headers, ...(type === undefined ? {} : { "Content-Type": type }) },
      timeout: Number(options.timeout ?? 0) * 1000,
      data: raw ? (data as Uint8Array | string | undefined) : JSON.stringify(data),
    };
  };
  const urlopen = (host: ScriptHost): object => ({
    open(target: string | OpenOptions, callback: unknown): void {
      const done = needDone(callback);
      const options = typeof target === "string" ? { target } : target;
      const finish = host.later((problem: string | undefined, opened?: OpenedUrl) => {
        if (opened === undefined) done(new Error(problem));
        else done(undefined, new UrlResponse(host, opened));
      });
      if ((options.sslClientProfile ?? options.sslProxyProfile ?? "") !== "") {
        finish("TLS profiles are not served by this gateway yet");
      } else host.openUrl(urlRequest(options), finish);
    },
  });

  const fs = (host: ScriptHost): object => {
    const read = (url: string, then: (bytes: Uint8Array) => unknown, callback: unknown): void => {
      const done = needDone(callback);
      const finish = host.later((problem: string | undefined, content?: Uint8Array) => {
        if (content === undefined) {
          done(new Error(problem));
          return;
        }
        let value: unknown;
        try {
          value = then(content);
        } catch (error) {
          done(error);
          return;
        }
        done(undefined, value);
      });
      host.readFile(String(url), finish);
    };
    const over = (content: Uint8Array): unknown => Buffer.over(content);
    return {
      exists(url: string, callback: unknown): void {
        const done = needDone(callback);
        host.readFile(
          String(url),
          host.later((problem?: string) => done(problem === undefined)),
        );
      },
      readFile(url: string, first: unknown, second?: unknown): void {
        read(url, typeof first === "string" ? (c) => host.textOf(c) : over, second ?? first);
      },
      readAsBuffer: (url: string, callback: unknown) => read(url, over, callback),
      readAsJSON: (url: string, callback: unknown) =>
        read(url, (content) => JSON.parse(host.textOf(content)), callback),
      writeFile(url: string, data: unknown, first: unknown, second?: unknown): void {
        const done = needDone(second ?? first);
        const raw = typeof data === "string" || ArrayBuffer.isView(data);
        const content = raw ? (data as string | Uint8Array) : JSON.stringify(data);
        const finish = host.later((problem?: string) =>
          done(problem === undefined ? undefined : new Error(problem)),
        );
        host.writeFile(String(url), content, finish);
      },
      unlink(url: string, callback: unknown): void {
        const done = needDone(callback);
        const finish = host.later((problem?: string) =>
          done(problem === undefined ? undefined : new Error(problem)),
        );
        host.removeFile(String(url), finish);
      },
    };
  };
  return (name, host) => {
    if (name === "urlopen") return freeze(urlopen(host));
    if (name === "fs") return freeze(fs(host));
    return Object.hasOwn(shared, name) ? shared[name] : undefined;
  };
}
