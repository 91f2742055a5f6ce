import type { ScriptHost, UrlHead, UrlRequest } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module urlopen for one run. */
export function installUrlopen(
  kit: RealmKit,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  type Parts = { readonly host: ScriptHost; readonly answer: number };
  let partsOf: (response: object) => Parts;
  const Readable = kit.readable(
    (self, bytes) => partsOf(self).host.textOf(bytes),
    (self, then) => {
      const { host, answer } = partsOf(self);
      host.readAnswer(answer, host.later(then));
    },
  );
  class UrlResponse extends Readable {
    readonly #parts: Parts;
    readonly statusCode: number;
    readonly reasonPhrase: string;
    readonly headers: Readonly<Record<string, unknown>>;
    constructor(parts: Parts, head: UrlHead) {
      super();
      this.#parts = parts;
      this.statusCode = head.statusCode;
      this.reasonPhrase = head.reasonPhrase;
      this.headers = Object.fromEntries(
        head.headers.map(([name, values]) => [name, kit.headerValue(values)]),
      );
    }
    static {
      partsOf = (response) => (response as UrlResponse).#parts;
    }
    get(...values: readonly unknown[]): unknown {
      const [name] = kit.named(values);
      if (name === undefined) return { ...this.headers };
      const wanted = String(name).toLowerCase();
      const found = Object.entries(this.headers).find(([key]) => key.toLowerCase() === wanted)?.[1];
      return Array.isArray(found) ? (found[0] as unknown) : found;
    }
    discard(callback?: unknown): void {
      const { host, answer } = this.#parts;
      host.leaveAnswer(answer);
      if (callback !== undefined) host.later(kit.callback(callback))();
    }
    disconnect(): void {
      const { host, answer } = this.#parts;
      host.leaveAnswer(answer);
    }
  }
  /** What `agent` takes: its members are the options that it was made with. */
  class UserAgent {
    constructor(options: object = {}) {
      Object.assign(this, options);
    }
  }
  class HttpUserAgent extends UserAgent {}
  interface OpenOptions {
    readonly target?: unknown;
    readonly method?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly contentType?: unknown;
    readonly timeout?: unknown;
    readonly data?: unknown;
    readonly sslClientProfile?: unknown;
    readonly sslProxyProfile?: unknown;
    readonly agent?: { readonly name?: unknown; readonly followRedirect?: unknown };
  }
  const headersOf = (options: OpenOptions, type: string | undefined): UrlRequest["headers"] => {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (value === undefined || value === null) continue;
      headers[name] = Array.isArray(value) ? value.map(String) : String(value);
    }
    const given = Object.keys(headers).find((name) => name.toLowerCase() === "content-type");
    if (options.contentType !== undefined) {
      if (given !== undefined) delete headers[given];
      headers["Content-Type"] = String(options.contentType);
    } else if (given === undefined && type !== undefined) headers["Content-Type"] = type;
    return headers;
  };
  const types = {
    object: "application/json",
    xml: "text/xml",
    string: undefined,
    bytes: undefined,
  };
  /** Methods whose data is ignored, as it is documented. */
  const bodiless = new Set(["GET", "HEAD", "DELETE"]);
  const requestOf = (options: OpenOptions): UrlRequest => {
    if (options.target === undefined) throw new TypeError("urlopen needs a target");
    const method = String(options.method ?? "get").toUpperCase();
    const given = bodiless.has(method) ? undefined : options.data;
    const data = given === undefined ? undefined : kit.written(given);
    const seconds = Number(options.timeout ?? 0);
    if (!(seconds >= 0)) throw new TypeError("the timeout is a number of seconds");
    return {
      target: String(options.target),
      method,
      headers: headersOf(options, data === undefined ? undefined : types[data.form]),
      timeout: seconds * 1000,
      data: typeof data?.bytes === "string" ? data.bytes : data && kit.Buffer.over(data.bytes),
      sslClientProfile: String(options.sslClientProfile ?? ""),
      sslProxyProfile: String(options.sslProxyProfile ?? ""),
      agent: {
        name: String(options.agent?.name ?? ""),
        followRedirect:
          options.agent?.followRedirect === undefined
            ? undefined
            : Boolean(options.agent.followRedirect),
      },
    };
  };
  kit.freeze([Readable, UrlResponse, UserAgent, HttpUserAgent]);
  return (host) =>
    Object.freeze({
      UserAgent,
      HttpUserAgent,
      open(target: unknown, callback: unknown): void {
        const done = kit.callback(callback);
        const options = typeof target === "object" && target !== null ? target : { target };
        const request = requestOf(options);
        const finish = host.later(
          (problem: string | undefined, head?: UrlHead, answer?: number) => {
            if (head === undefined || answer === undefined) {
              const suggestion = "Check the address, the network and the profile of the request.";
              const why = problem ?? "the URL cannot be opened";
              done(kit.failure(codes.openFailed, why, suggestion));
            } else done(undefined, new UrlResponse({ host, answer }, head));
          },
        );
        host.openUrl(request, finish);
      },
    });
}
