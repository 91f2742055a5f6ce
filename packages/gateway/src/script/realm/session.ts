import type { ScriptHost } from "../script-host.ts";
import type { RealmBuffer } from "./buffer.ts";

/** Makes the objects `session` and `console` of one run of a script. */
export interface SessionMaker {
  session(host: ScriptHost): object;
  console(host: ScriptHost, category: string): object;
}

type Done = (error: unknown, value?: unknown) => void;

/** Runs inside a realm (its text is evaluated there): the classes behind session and console. */
export function installSession(Buffer: RealmBuffer): SessionMaker {
  const bytesOf = (
    value: unknown,
  ): { bytes: Uint8Array | string; form: "object" | "string" | "bytes" } => {
    if (typeof value === "string") return { bytes: value, form: "string" };
    if (ArrayBuffer.isView(value)) return { bytes: value as Uint8Array, form: "bytes" };
    if (value === null || typeof value !== "object") {
      const text = JSON.stringify(value);
      if (text === undefined) throw new TypeError("nothing that can be written was given");
      return { bytes: text, form: typeof value === "object" ? "object" : "string" };
    }
    return { bytes: JSON.stringify(value), form: "object" };
  };
  const needFunction = (callback: unknown): Done => {
    if (typeof callback !== "function") throw new TypeError("a callback function is required");
    return callback as Done;
  };
  class Context {
    readonly #host: ScriptHost;
    readonly #name: string;
    constructor(host: ScriptHost, name: string) {
      this.#host = host;
      this.#name = name;
    }
    readAsBuffer(callback: unknown): void {
      const done = needFunction(callback);
      this.#read((bytes) => done(undefined, Buffer.over(bytes)));
    }
    readAsBuffers(callback: unknown): void {
      this.readAsBuffer(callback);
    }
    readAsJSON(callback: unknown): void {
      const done = needFunction(callback);
      this.#read((bytes) => {
        let value: unknown;
        try {
          value = JSON.parse(this.#host.textOf(bytes));
        } catch (error) {
          done(error);
          return;
        }
        done(undefined, value);
      });
    }
    write(value: unknown): void {
      const { bytes, form } = bytesOf(value);
      this.#host.writeContext(this.#name, bytes, form);
    }
    getVar(name: string): unknown {
      return this.#host.getVariable(this.#variable(name));
    }
    setVar(name: string, value: unknown): void {
      this.#host.setVariable(this.#variable(name), value);
    }
    deleteVar(name: string): void {
      this.#host.setVariable(this.#variable(name), undefined);
    }
    #variable(name: string): string {
      return name.startsWith("var://")
        ? name
        : `var://context/${this.#host.contextName(this.#name)}/${name}`;
    }
    #read(then: (bytes: Uint8Array) => void): void {
      const finish = this.#host.later(() => then(this.#host.readContext(this.#name)));
      finish();
    }
  }
  class Session {
    readonly #host: ScriptHost;
    readonly input: Context;
    readonly output: Context;
    readonly INPUT: Context;
    readonly parameters: Readonly<Record<string, string>>;
    constructor(host: ScriptHost) {
      this.#host = host;
      this.input = new Context(host, "(input)");
      this.output = new Context(host, "(output)");
      this.INPUT = new Context(host, "INPUT");
      this.parameters = Object.freeze({ ...host.parameters() });
      Object.freeze(this);
    }
    name(name: string): Context | undefined {
      if (["OUTPUT", "NULL", "PIPE"].includes(name)) return undefined;
      return this.#host.contextExists(name) ? new Context(this.#host, name) : undefined;
    }
    createContext(name: string): Context {
      if (["INPUT", "OUTPUT", "NULL", "PIPE"].includes(name)) {
        throw new TypeError(`${name} is a reserved context name`);
      }
      this.#host.createContext(name);
      return new Context(this.#host, name);
    }
    reject(message?: unknown): void {
      this.#host.reject(message === undefined ? "" : String(message));
    }
    accept(): void {
      this.#host.reject(undefined);
    }
  }
  const levels: Readonly<Record<string, string>> = {
    log: "info",
    info: "info",
    debug: "debug",
    trace: "debug",
    notice: "notice",
    warn: "warn",
    warning: "warn",
    error: "error",
    critical: "critic",
    alert: "alert",
    emerg: "emerg",
  };
  class Console {
    readonly #host: ScriptHost;
    readonly #category: string;
    constructor(host: ScriptHost, category: string) {
      this.#host = host;
      this.#category = category;
    }
    options(options: { category?: string }): Console {
      return new Console(this.#host, options?.category ?? this.#category);
    }
    static {
      for (const [name, level] of Object.entries(levels)) {
        Object.defineProperty(Console.prototype, name, {
          get(this: Console) {
            return (...values: readonly unknown[]) => this.#host.log(level, this.#category, values);
          },
        });
      }
    }
  }
  for (const made of [Context, Session, Console]) {
    Object.freeze(made.prototype);
    Object.freeze(made);
  }
  return {
    session: (host) => new Session(host),
    console: (host, category) => new Console(host, category),
  };
}
