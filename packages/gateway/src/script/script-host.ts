export type HeaderSide = "original" | "current" | "response";

export interface ListedVariable {
  readonly name: string;
  readonly writable: boolean;
  readonly dataType: string;
}

/** The answer to an outgoing request of a script. */
export interface OpenedUrl {
  readonly statusCode: number;
  readonly reasonPhrase: string;
  readonly headers: ReadonlyArray<readonly [string, readonly string[]]>;
  readonly body: Uint8Array;
}

export interface UrlRequest {
  readonly target: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Milliseconds; 0 leaves the default. */
  readonly timeout: number;
  readonly data: Uint8Array | string | undefined;
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
  writeContext(name: string, bytes: Uint8Array | string, form: "object" | "string" | "bytes"): void;
  textOf(bytes: Uint8Array): string;
  getVariable(url: string): unknown;
  setVariable(url: string, value: unknown): void;
  listVariables(): readonly ListedVariable[];
  parameters(): Readonly<Record<string, string>>;
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
  openUrl(
    request: UrlRequest,
    done: (error: string | undefined, response?: OpenedUrl) => void,
  ): void;
  readFile(url: string, done: (error: string | undefined, bytes?: Uint8Array) => void): void;
  writeFile(
    url: string,
    bytes: Uint8Array | string,
    done: (error: string | undefined) => void,
  ): void;
  removeFile(url: string, done: (error: string | undefined) => void): void;
  /** The compiled function of a user module; throws when there is none. */
  userModule(
    specifier: string,
    from: string,
  ): { readonly id: string; readonly run: ScriptFunction };
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
  "readFile",
  "writeFile",
  "removeFile",
  "userModule",
];
