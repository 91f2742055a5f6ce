/** How a registry is spoken to: what it may make this program wait, hold or repeat. Times in milliseconds. */
export interface RegistryLimits {
  /** Tries of one request, the first included. */
  readonly attempts: number;
  /** The wait before the second try; it doubles. */
  readonly backoff: number;
  /** No single wait is longer, whatever Retry-After says. */
  readonly longestWait: number;
  /** A connection on which nothing moves for so long is given up. */
  readonly stall: number;
  /** Redirects in a row. */
  readonly redirects: number;
  /** Bytes of a token, a referrers page or an error page. */
  readonly answerBytes: number;
  /** Pages of a referrers list. */
  readonly pages: number;
  /** Blobs over this are uploaded in chunks of this size. */
  readonly chunk: number;
  /** Blobs on their way at one time. */
  readonly parallel: number;
}

export const registryLimits: RegistryLimits = {
  attempts: 5,
  backoff: 500,
  longestWait: 60_000,
  stall: 60_000,
  redirects: 5,
  answerBytes: 4 * 1024 * 1024,
  pages: 100,
  chunk: 1024 * 1024 * 1024,
  parallel: 4,
};

/** What the caller of a registry may set. */
export interface RegistryOptions {
  /** Plain HTTP; only to this machine's loopback. */
  readonly insecure?: boolean;
  /** Certificates (PEM) of authorities to trust besides the known ones. */
  readonly ca?: string;
  readonly limits?: Partial<RegistryLimits>;
  readonly signal?: AbortSignal;
}
