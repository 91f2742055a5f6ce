import type { OpenedUrl, ScriptHost, UrlRequest } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module urlopen for one run. */
export function installUrlopen(
  kit: RealmKit,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  let hostOf: (response: object) => ScriptHost;
  let bodyOf: (response: object) => Uint8Array | undefined;
  const Readable = kit.readable(
    (self, bytes) => hostOf(self).textOf(bytes),
    (self, then) => {
      const body = bodyOf(self);
      const problem = body === undefined ? "the response has been discarded" : undefined;
      hostOf(self).later(() => then(problem, body))();
    },
  );
  class UrlResponse extends Readable {
    readonly #host: ScriptHost;
    #body: Uint8Array | undefined;
    readonly statusCode: number;
    readonly reasonPhrase: string;
    readonly headers: Readonly<Record<string, unknown>>;
    constructor(host: ScriptHost, opened: OpenedUrl) {
      super();
      this.#host = host;
      this.#body = opened.body;
      this.statusCode = opened.statusCode;
      this.reasonPhrase = opened.reasonPhrase;
      this.headers = Object.fromEntries(
        opened.headers.map(([name, values]) => [name, kit.headerValue(values)]),
      );
    }
    static {
      hostOf = (response) => (response as UrlResponse).#host;
      bodyOf = (response) => (response as UrlResponse).#body;
    }
    get(...values: readonly unknown[]): unknown {
      const [name] = kit.named(values);
      if (name === undefined) return { ...this.headers };
      const wanted = String(name).toLowerCase();
      return Object.entries(this.headers).find(([key]) => key.toLowerCase() === wanted)?.[1];
    }
    discard(callback?: unknown): void {
      this.#body = undefined;
      if (callback !== undefined) this.#host.later(kit.callback(callback))();
    }
    disconnect(): void {
      this.#body = undefined;
    }
  }
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
  const requestOf = (options: OpenOptions): UrlRequest => {
    if (options.target === undefined) throw new TypeError("urlopen needs a target");
    const data = options.data === undefined ? undefined : kit.written(options.data);
    const seconds = Number(options.timeout ?? 0);
    if (!(seconds >= 0)) throw new TypeError("the timeout is a number of seconds");
    return {
      target: String(options.target),
      method: String(options.method ?? "get").toUpperCase(),
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
  kit.freeze([Readable, UrlResponse]);
  return (host) =>
    Object.freeze({
      open(target: unknown, callback: unknown): void {
        const done = kit.callback(callback);
        const options = typeof target === "object" && target !== null ? target : { target };
        const request = requestOf(options);
        const finish = host.later((problem: string | undefined, opened?: OpenedUrl) => {
          if (opened === undefined) {
            const suggestion = "Check the address, the network and the profile of the request.";
            done(kit.failure(codes.openFailed, problem ?? "the URL cannot be opened", suggestion));
          } else done(undefined, new UrlResponse(host, opened));
        });
        host.openUrl(request, finish);
      },
    });
}
