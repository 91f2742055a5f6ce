import { createHash, createHmac, randomBytes } from "node:crypto";
import querystring from "node:querystring";
import url from "node:url";
import { inspect, isDeepStrictEqual } from "node:util";
import { compileFunction, constants, createContext, runInContext, Script } from "node:vm";
import { dottedVariables } from "../../serve/variable-table.ts";
import { formatText } from "../format-text.ts";
import { type ScriptFunction, scriptHostMethods } from "../script-host.ts";
import { type BufferBackend, installBuffer, type RealmBuffer } from "./buffer.ts";
import { installGuard } from "./guard.ts";
import { hardenRealm } from "./harden.ts";
import { installMetadata, type MetadataMaker } from "./metadata.ts";
import { type BuiltinMaker, installModules, type ModuleBackend } from "./modules.ts";
import { installRunner, type StartScript } from "./runner.ts";
import { installSession, type SessionMaker } from "./session.ts";

/** A hardened world of its own intrinsics in which scripts run. */
export interface Realm {
  readonly start: StartScript;
  /** Compiles the body of a script; throws the SyntaxError of the realm. */
  compile(source: string, filename: string): ScriptFunction;
  /**
   * Calls `action` and then every promise continuation of the realm, within `limit` milliseconds;
   * throws ERR_SCRIPT_EXECUTION_TIMEOUT when they take longer. Without a limit somebody else has to
   * watch over it. Not re-entrant.
   */
  enter(action: () => void, limit?: number): void;
  /** The stack of an Error of the realm, unless the script has put its own there. */
  stackOf(error: object): string | undefined;
  /** True for a promise that was made inside the realm. */
  owns(promise: unknown): boolean;
}

/** A new realm: its own intrinsics, frozen; no timers, no process, no eval. */
export function createRealm(): Realm {
  const context = createContext(constants.DONT_CONTEXTIFY, {
    name: "gatewayscript",
    microtaskMode: "afterEvaluate",
    codeGeneration: { strings: false, wasm: false },
  });
  const inside = <T>(installer: T): T => runInContext(`(${String(installer)})`, context) as T;
  const guardFor = inside(installGuard);
  const guarded = <Host extends object>(host: Host): Host => guardFor(functionsOf(host))(host);
  const buffers = bufferBackend();
  const Buffer = inside<(backend: BufferBackend) => RealmBuffer>(installBuffer)(
    Object.assign(guarded(buffers), { methods: buffers.methods }),
  );
  const session: SessionMaker = inside(installSession)(Buffer);
  const metadata: MetadataMaker = inside(installMetadata)(dottedVariables());
  const builtin: BuiltinMaker = inside(installModules)(guarded(moduleBackend()), Buffer);
  const start: StartScript = inside(installRunner)(
    { session, metadata, builtin, guard: guardFor(scriptHostMethods) },
    "gatewayscript-user",
  );
  const globals = runInContext("globalThis", context) as Record<string, unknown>;
  const entry = `enter${randomBytes(8).toString("hex")}`;
  let action: (() => void) | undefined;
  Object.defineProperty(globals, "Buffer", { value: Buffer, writable: true, configurable: true });
  Object.defineProperty(globals, entry, {
    value: () => {
      const now = action;
      action = undefined;
      now?.();
    },
  });
  inside(hardenRealm)(globals);
  const enter = new Script(`${entry}()`, { filename: "gateway:enter" });
  const readStack = stackReader(runInContext("new Error()", context) as object);
  const RealmPromise = globals.Promise as PromiseConstructor;
  return {
    start,
    compile: (source, filename) =>
      compileFunction(
        `"use strict";${source}`,
        ["session", "console", "require", "module", "exports"],
        {
          parsingContext: context,
          filename,
          columnOffset: -'"use strict";'.length,
        },
      ) as ScriptFunction,
    enter(next, limit) {
      action = next;
      if (limit === undefined) enter.runInContext(context);
      else enter.runInContext(context, { timeout: limit });
    },
    stackOf(error) {
      return readStack !== undefined && stackReader(error) === readStack
        ? String(readStack.call(error))
        : undefined;
    },
    owns: (promise) => promise instanceof RealmPromise,
  };
}

function stackReader(error: object): (() => unknown) | undefined {
  return Object.getOwnPropertyDescriptor(error, "stack")?.get;
}

function functionsOf(host: object): string[] {
  return Object.entries(host).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : [],
  );
}

function bufferBackend(): BufferBackend {
  const prototype = Buffer.prototype as unknown as Record<
    string,
    (...values: unknown[]) => unknown
  >;
  const over = (view: Uint8Array): Buffer =>
    Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  const methods = Object.getOwnPropertyNames(prototype).filter(
    (name) =>
      !["constructor", "inspect", "parent", "offset", "slice", "subarray", "toJSON"].includes(
        name,
      ) &&
      !/^(?:ascii|base64|base64url|hex|latin1|ucs2|utf8)(?:Slice|Write)$/.test(name) &&
      typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === "function",
  );
  return {
    methods,
    call: (method, view, values) => prototype[method]!.apply(over(view), [...values]),
    from: (value, encoding) => Buffer.from(value as string, encoding as BufferEncoding),
    byteLength: (value, encoding) => Buffer.byteLength(value as string, encoding as BufferEncoding),
    isEncoding: (encoding) => Buffer.isEncoding(String(encoding)),
  };
}

function moduleBackend(): ModuleBackend {
  const plainModules: Record<string, Record<string, (...values: unknown[]) => unknown>> = {
    querystring: querystring as never,
    url: url as never,
    punycode: {
      toASCII: (text) => url.domainToASCII(String(text)),
      toUnicode: (text) => url.domainToUnicode(String(text)),
      encode: (text) => url.domainToASCII(String(text)).replace(/^xn--/, ""),
      decode: (text) => url.domainToUnicode(`xn--${String(text)}`),
    },
  };
  return {
    format: (values) => formatText(values),
    inspect: (value, depth) => inspect(value, { depth, customInspect: false }),
    deepEqual: (left, right, strict) =>
      strict ? isDeepStrictEqual(left, right) : JSON.stringify(left) === JSON.stringify(right),
    plain: (module, name, values) => {
      const result = plainModules[module]![name]!(...values);
      return typeof result === "object" && result !== null ? { ...result } : result;
    },
    hash: (algorithm, key, parts) => {
      const digest = key === undefined ? createHash(algorithm) : createHmac(algorithm, key);
      for (const part of parts) digest.update(part);
      return digest.digest();
    },
    randomBytes: (size) => randomBytes(size),
    bytesOf: (text, encoding) => Buffer.from(text, encoding as BufferEncoding),
  };
}
