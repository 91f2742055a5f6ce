import type { Account } from "../authenticate.ts";

/** One request to the REST management interface, let in. */
export interface RestRequest {
  readonly method: string;
  /** The path as it came, without the query. */
  readonly path: string;
  /** Decoded, without `mgmt`. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** The JSON body; undefined when there was none. */
  readonly body: unknown;
  readonly account: Account;
}

export interface RestAnswer {
  readonly status: number;
  readonly document: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is in every answer: where it is, and where it is described. */
export function links(self: string, doc?: string): Readonly<Record<string, unknown>> {
  return {
    _links: { self: { href: self }, ...(doc === undefined ? {} : { doc: { href: doc } }) },
  };
}

export function success(document: RestAnswer["document"], status = 200): RestAnswer {
  return { status, document };
}

/** An answer in the native form of errors. */
export function failure(status: number, self: string, ...errors: readonly string[]): RestAnswer {
  return { status, document: { ...links(self), error: errors } };
}

/** What is not there, and what may not be seen, read alike. */
export function notFound(self: string): RestAnswer {
  return failure(404, self, "Resource not found.");
}

/** The answer to whatever would change the image. */
export function immutable(self: string, what: string): RestAnswer {
  return failure(
    403,
    self,
    `${what} is refused: this gateway runs from an immutable image.`,
    "Change the image and roll it out; GATEWAY_CHANGES=memory allows changes in memory only.",
  );
}

/** None, one or several, as the interface writes them. */
export function oneOrMany<Value>(values: readonly Value[]): Value | readonly Value[] | undefined {
  return values.length === 0 ? undefined : values.length === 1 ? values[0] : values;
}

export function href(...segments: readonly string[]): string {
  return `/mgmt/${segments.map(encodeURIComponent).join("/")}`;
}
