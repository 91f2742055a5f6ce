import type { ScriptFunction, ScriptHost } from "../script-host.ts";
import type { Guard } from "./guard.ts";
import type { MetadataMaker } from "./metadata.ts";
import type { SessionMaker } from "./session.ts";

/** Starts a compiled script for one run. */
export type StartScript = (host: ScriptHost, script: ScriptFunction, id: string) => void;

/** Makes a built-in module for one run; undefined for a name that is none. */
export type BuiltinMaker = (name: string, host: ScriptHost) => unknown;

/**
 * Runs inside a realm (its text is evaluated there): gives a script its session, console and
 * require. User modules run anew in every run, so that their variables are never shared.
 */
export function installRunner(
  makers: { session: SessionMaker; metadata: MetadataMaker; builtin: BuiltinMaker; guard: Guard },
  defaultCategory: string,
): StartScript {
  const builtin = (host: ScriptHost, name: string): unknown => {
    if (name === "service-metadata") return makers.metadata.service(host);
    if (name === "header-metadata") return makers.metadata.header(host);
    if (name === "console") return makers.session.console(host, defaultCategory);
    return makers.builtin(name, host);
  };
  const isFile = /^(?:\.\.?\/|[a-z]+:)/;
  /** Modules of a run: a list, because few scripts have more than two or three. */
  interface Loaded {
    readonly name: string;
    readonly module: { exports: unknown };
    readonly before: Loaded | undefined;
  }
  const find = (list: Loaded | undefined, name: string): Loaded | undefined => {
    let at = list;
    while (at !== undefined && at.name !== name) at = at.before;
    return at;
  };
  const without = (list: Loaded | undefined, name: string): Loaded | undefined => {
    if (list === undefined || list.name === name) return list?.before;
    return { ...list, before: without(list.before, name) };
  };
  class Loader {
    readonly #host: ScriptHost;
    readonly #session: object;
    readonly #console: object;
    #builtins: Loaded | undefined;
    #files: Loaded | undefined;
    constructor(host: ScriptHost) {
      this.#host = host;
      this.#session = makers.session.session(host);
      this.#console = makers.session.console(host, defaultCategory);
    }
    run(file: string, script: ScriptFunction): unknown {
      const module = { exports: {} as unknown };
      this.#files = { name: file, module, before: this.#files };
      try {
        const require = (specifier: unknown): unknown => this.#require(file, specifier);
        script(this.#session, this.#console, require, module, module.exports);
      } catch (error) {
        // a module that failed is tried again by the next one that wants it
        this.#files = without(this.#files, file);
        throw error;
      }
      return module.exports;
    }
    #require(from: string, specifier: unknown): unknown {
      if (typeof specifier !== "string" || specifier === "") {
        throw new TypeError("require needs the name of a module");
      }
      const own = isFile.test(specifier) ? undefined : this.#builtin(specifier);
      if (own !== undefined) return own;
      const { id: file, run, json } = this.#host.userModule(specifier, from);
      const before = find(this.#files, file);
      if (before !== undefined) return before.module.exports;
      if (run !== undefined) return this.run(file, run);
      const exports = JSON.parse(json ?? "") as unknown;
      this.#files = { name: file, module: { exports }, before: this.#files };
      return exports;
    }
    #builtin(specifier: string): unknown {
      const name = specifier.endsWith(".js") ? specifier.slice(0, -3) : specifier;
      const known = find(this.#builtins, name);
      if (known !== undefined) return known.module.exports;
      const exports = builtin(this.#host, name);
      if (exports !== undefined) {
        this.#builtins = { name, module: { exports }, before: this.#builtins };
      }
      return exports;
    }
  }
  return (outside, script, id) => {
    new Loader(makers.guard(outside)).run(id, script);
  };
}
