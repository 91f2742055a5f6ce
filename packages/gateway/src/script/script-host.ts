export type HeaderSide = "original" | "current" | "response";

export interface ListedVariable {
  readonly name: string;
  readonly writable: boolean;
  readonly dataType: string;
}

/** The head of an answer to an outgoing request. */
export interface UrlHead {
  readonly statusCode: number;
  readonly reasonPhrase: string;
  readonly headers: ReadonlyArray<readonly [string, readonly string[]]>;
}

/** An answer with all of its body. */
export interface OpenedUrl extends UrlHead {
  readonly body: Uint8Array;
}

export interface UrlRequest {
  readonly target: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Milliseconds; 0 leaves the default. */
  readonly timeout: number;
  readonly data: Uint8Array | string | undefined;
  /** Name of an ssl-client object; "" for none. */
  readonly sslClientProfile?: string;
  /** Name of an older ssl-proxy object; "" for none. */
  readonly sslProxyProfile?: string;
  readonly agent?: {
    /** Name of a user agent object; "" for the service's own. */
    readonly name: string;
    readonly followRedirect: boolean | undefined;
  };
}

/** A cipher at work. */
export interface CryptoStream {
  update(bytes: Uint8Array): Uint8Array;
  final(): Uint8Array;
  setAutoPadding(on: boolean): void;
  setAAD(bytes: Uint8Array): void;
  getAuthTag(): Uint8Array;
  setAuthTag(tag: Uint8Array): void;
}

/**
 * What one run of a script may do, seen from inside its realm. Context names are as configured,
 * with "(input)" and "(output)" for the action's own. Methods throw plain Errors for misuse.
 */
export interface ScriptHost {
  /**
   * Announces asynchronous work: the run lasts until the function that is returned has been called
   * and `callback` has run. `callback` runs later, under the watch of the run's time limit.
   */
  later<Values extends readonly unknown[]>(
    callback: (...values: Values) => void,
  ): (...values: Values) => void;
  contextName(name: string): string;
  contextExists(name: string): boolean;
  createContext(name: string): void;
  readContext(name: string): Uint8Array;
  writeContext(
    name: string,
    bytes: Uint8Array | string,
    form: "object" | "string" | "bytes" | "xml",
  ): void;
  textOf(bytes: Uint8Array): string;
  getVariable(url: string): unknown;
  setVariable(url: string, value: unknown): void;
  listVariables(): readonly ListedVariable[];
  parameters(): Readonly<Record<string, string>> | undefined;
  /** Rejects with a message; undefined takes a rejection back. */
  reject(message: string | undefined): void;
  log(level: string, category: string, values: readonly unknown[]): void;
  header(side: HeaderSide, name: string): readonly string[];
  allHeaders(side: HeaderSide): ReadonlyArray<readonly [string, readonly string[]]>;
  setHeader(side: HeaderSide, name: string, values: readonly string[]): void;
  status(side: HeaderSide): {
    readonly code: number | undefined;
    readonly reason: string | undefined;
  };
  /** `200` or `200 Reason`. */
  setStatus(side: HeaderSide, text: string): void;
  setReason(side: HeaderSide, text: string): void;
  /** `done` hears of the head of the answer, and of a number by which its body is read. */
  openUrl(
    request: UrlRequest,
    done: (error: string | undefined, head?: UrlHead, answer?: number) => void,
  ): void;
  /** Waits for the whole body of an answer. */
  readAnswer(answer: number, done: (error: string | undefined, bytes?: Uint8Array) => void): void;
  /** Nothing of an answer is read any more. */
  leaveAnswer(answer: number): void;
  readFile(url: string, done: (error: string | undefined, bytes?: Uint8Array) => void): void;
  writeFile(
    url: string,
    bytes: Uint8Array | string,
    done: (error: string | undefined) => void,
  ): void;
  removeFile(url: string, done: (error: string | undefined) => void): void;
  /** The URL of a file in `temporary:` that is not there yet. */
  temporaryFile(): string;
  hash(algorithm: string, key: string | Uint8Array | undefined, bytes: Uint8Array): Uint8Array;
  sign(
    algorithm: string,
    key: string | Uint8Array,
    bytes: Uint8Array,
    padding: number | undefined,
  ): Uint8Array;
  verify(
    algorithm: string,
    key: string | Uint8Array,
    bytes: Uint8Array,
    signature: Uint8Array,
    padding: number | undefined,
  ): boolean;
  cipher(
    direction: "encrypt" | "decrypt",
    algorithm: string,
    key: string | Uint8Array,
    iv: Uint8Array | undefined,
  ): CryptoStream;
  randomBytes(size: number): Uint8Array;
  sameBytes(left: Uint8Array, right: Uint8Array): boolean;
  cryptoNames(of: "hashes" | "ciphers"): readonly string[];
  /** One operation of JOSE, see `jose-operations.ts`; JSON in, JSON or bytes out. */
  jose(
    request: JoseRequest,
    done: (error: string | undefined, result?: string | Uint8Array) => void,
  ): void;
  /** Changes or reads a limit that all transactions of this process share. */
  limit(request: LimitRequest): LimitAnswer;
  /** Runs another rule of the service; `done` gets what went wrong. */
  callRule(
    rule: string,
    input: string,
    output: string,
    done: (error: string | undefined) => void,
  ): void;
  /** The compiled function of a user module, or the text of a JSON module; throws when there is none. */
  userModule(
    specifier: string,
    from: string,
  ): { readonly id: string; readonly run: ScriptFunction | undefined; readonly json?: string };
}

/** What `jose` is asked for. `parameters` is JSON; keys in it are names, PEM, JWK, or bytes below. */
export interface JoseRequest {
  readonly operation: "sign" | "verify" | "encrypt" | "decrypt";
  readonly parameters: string;
  readonly payload: Uint8Array;
  readonly secrets: readonly Uint8Array[];
}

export interface LimitRequest {
  readonly kind: "rate" | "count" | "concurrent" | "tokenbucket";
  readonly key: string;
  readonly operation: "create" | "known" | "add" | "sub" | "remove" | "read" | "reset";
  readonly amount: number;
  /** Of create: tokens, size of the bucket, interval in milliseconds. */
  readonly tokens: number;
  readonly size: number;
  readonly interval: number;
}

export interface LimitAnswer {
  readonly allowed: boolean;
  /** The count, or the tokens that are left. */
  readonly value: number;
  /** Seconds until there are more tokens. */
  readonly reset: number;
}

/** A compiled script: the body of a function of its realm. */
export type ScriptFunction = (
  session: object,
  console: object,
  require: (specifier: string) => unknown,
  module: { exports: unknown },
  exports: unknown,
) => unknown;

/** The methods of a ScriptHost, for its guard. */
export const scriptHostMethods: readonly (keyof ScriptHost)[] = [
  "later",
  "contextName",
  "contextExists",
  "createContext",
  "readContext",
  "writeContext",
  "textOf",
  "getVariable",
  "setVariable",
  "listVariables",
  "parameters",
  "reject",
  "log",
  "header",
  "allHeaders",
  "setHeader",
  "status",
  "setStatus",
  "setReason",
  "openUrl",
  "readAnswer",
  "leaveAnswer",
  "readFile",
  "writeFile",
  "removeFile",
  "temporaryFile",
  "hash",
  "sign",
  "verify",
  "cipher",
  "randomBytes",
  "sameBytes",
  "cryptoNames",
  "jose",
  "limit",
  "callRule",
  "userModule",
];
