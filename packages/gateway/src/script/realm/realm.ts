import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { compileFunction, constants, createContext, runInContext, Script } from "node:vm";
import { dottedVariables } from "../../plan/variable-table.ts";
import { requirePart } from "../../require-part.ts";
import { type ScriptFunction, scriptHostMethods } from "../script-host.ts";
import { importsModules } from "../script-uses.ts";
import { type BufferBackend, installBuffer } from "./buffer.ts";
import { installBuffers } from "./buffers.ts";
import { installGuard } from "./guard.ts";
import { type Freeze, hardenRealm } from "./harden.ts";
import { installErrorFields, installKit, type RealmKit, scriptErrorCodes } from "./kit.ts";
import type { installLibrary, LibraryFile, LibrarySource } from "./library.ts";
import { installMetadata } from "./metadata.ts";
import type { createModuleTable, ModuleTable } from "./module-table.ts";
import { installRunner, type StartScript } from "./runner.ts";
import { installSession } from "./session.ts";
import { installTimers, type TimerBackend } from "./timers.ts";
import { installXmlGlobals } from "./xml-globals.ts";

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
  /** Adds the modules that not every script needs. */
  addModules(create: typeof createModuleTable): void;
  /** Loads the XML part, which the first script that needs it would do; after `addModules`. */
  loadXml(): void;
}

/** What not every realm needs. */
const require = requirePart(import.meta.url);

const bodyParameters = ["session", "console", "require", "module", "exports"];

/** A new realm: its own intrinsics, frozen; no process, no eval. `timers` are those of its runs. */
export function createRealm(timers: TimerBackend): Realm {
  const context = createContext(constants.DONT_CONTEXTIFY, {
    name: "gatewayscript",
    microtaskMode: "afterEvaluate",
    codeGeneration: { strings: false, wasm: false },
  });
  const compiled = (source: string, parameters: string[], filename: string): unknown =>
    compileFunction(source, parameters, { parsingContext: context, filename });
  // never evaluated as a script: that would continue promises of runs in progress
  const install = <T>(installer: T): T =>
    (compiled(`"use strict";return (${String(installer)})`, [], "gateway:install") as () => T)();
  const guardFor = install(installGuard);
  const guarded = <Host extends object>(host: Host): Host => guardFor(functionsOf(host))(host);
  let table: ModuleTable | undefined;
  let freeze: Freeze | undefined;
  const unfrozen: unknown[] = [];
  const kit = createKit(install, guarded, {
    freeze(value) {
      // what is made before the intrinsics are frozen is frozen after them
      if (freeze === undefined) unfrozen.push(value);
      else freeze(value);
      return value;
    },
    loadXml() {
      if (table === undefined)
        throw new Error("XML is used in a way that was not seen in the text");
      return table.xml();
    },
  });
  const start: StartScript = install(installRunner)(
    {
      session: install(installSession)(kit),
      metadata: install(installMetadata)(kit, dottedVariables()),
      builtin: (name, host) => table?.builtin(name, host),
      guard: guardFor(scriptHostMethods),
    },
    "gatewayscript-user",
  );
  const globals = runInContext("globalThis", context) as Record<string, unknown>;
  const entry = `enter${randomBytes(8).toString("hex")}`;
  const gate = install(installGate)();
  install(installErrorFields)(scriptErrorCodes.thrown);
  const added = {
    Buffer: kit.Buffer,
    Buffers: kit.Buffers,
    ...install(installXmlGlobals)(kit),
    ...install(installTimers)(guarded(timers)),
  };
  for (const [name, value] of Object.entries(added)) {
    Object.defineProperty(globals, name, { value, writable: true, configurable: true });
  }
  Object.defineProperty(globals, entry, { value: gate.enter });
  freeze = install(hardenRealm)(globals);
  for (const value of unfrozen) freeze(value);
  const library = (source: LibrarySource): object => {
    const files = source.files.map(({ name, path, text }) => {
      const body = compiled(text, ["exports", "require", "module"], path) as LibraryFile;
      return [name, body] as const;
    });
    const room = require("./library.ts") as { installLibrary: typeof installLibrary };
    return install(room.installLibrary)(new Map(files), source.entry);
  };
  const enter = new Script(`${entry}()`, { filename: "gateway:enter" });
  const readStack = stackReader(runInContext("new Error()", context) as object);
  const RealmPromise = globals.Promise as PromiseConstructor;
  return {
    start,
    compile(source, filename) {
      // what import() is rejected with comes from outside the realm
      if (importsModules(source)) throw new SyntaxError("import() is not served: use require");
      return compileFunction(`"use strict";${source}`, bodyParameters, {
        parsingContext: context,
        filename,
        columnOffset: -'"use strict";'.length,
      }) as ScriptFunction;
    },
    enter(next, limit) {
      gate.next(next);
      if (limit === undefined) enter.runInContext(context);
      else enter.runInContext(context, { timeout: limit });
    },
    stackOf(error) {
      return readStack !== undefined && stackReader(error) === readStack
        ? String(readStack.call(error))
        : undefined;
    },
    owns: (promise) => promise instanceof RealmPromise,
    addModules(create) {
      table ??= create({ install, guarded, library, kit });
    },
    loadXml: () => void kit.xml(),
  };
}

function createKit(
  install: <T>(installer: T) => T,
  guarded: <Host extends object>(host: Host) => Host,
  late: Parameters<typeof installKit>[4],
): RealmKit {
  const buffers = bufferBackend();
  const backend = Object.assign(guarded(buffers), { methods: buffers.methods });
  const Buffer = install(installBuffer)(backend);
  const Buffers = install(installBuffers)(Buffer);
  const bytes = guarded({
    bytesOf: (text: string, encoding: string) =>
      globalThis.Buffer.from(text, encoding as BufferEncoding),
  });
  return install(installKit)(bytes, Buffer, Buffers, scriptErrorCodes, late);
}

/**
 * Runs inside a realm: its one entrance. A script can see `enter`, which does nothing for it.
 */
function installGate(): { enter(): void; next(action: () => void): void } {
  let action: (() => void) | undefined;
  return {
    enter: () => {
      const now = action;
      action = undefined;
      now?.();
    },
    next: (given) => {
      action = given;
    },
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
    inspect: (view) => inspect(over(view)),
  };
}
