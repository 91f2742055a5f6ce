import type { ScriptHost } from "../script-host.ts";
import type { RealmKit } from "./kit.ts";

/** Makes the objects `session` and `console` of one run of a script. */
export interface SessionMaker {
  session(host: ScriptHost): object;
  console(host: ScriptHost, category: string): object;
}

/** Runs inside a realm (its text is evaluated there): the classes behind session and console. */
export function installSession(kit: RealmKit): SessionMaker {
  const unreachable = ["OUTPUT", "NULL", "PIPE"];
  let hostOf: (context: object) => ScriptHost;
  let nameOf: (context: object) => string;
  const Readable = kit.readable(
    (self, bytes) => hostOf(self).textOf(bytes),
    (self, then) => {
      const host = hostOf(self);
      host.later(() => then(undefined, host.readContext(nameOf(self))))();
    },
  );
  class Context extends Readable {
    readonly #host: ScriptHost;
    readonly #name: string;
    constructor(host: ScriptHost, name: string) {
      super();
      this.#host = host;
      this.#name = name;
    }
    static {
      hostOf = (context) => (context as Context).#host;
      nameOf = (context) => (context as Context).#name;
    }
    write(value: unknown): void {
      const { bytes, form } = kit.written(value);
      this.#host.writeContext(this.#name, bytes, form);
    }
    getVar(name: unknown): unknown {
      return kit.revived(this.#host.getVariable(this.#variable(name)));
    }
    setVar(name: unknown, value: unknown): void {
      this.#host.setVariable(this.#variable(name), kit.kept(value));
    }
    deleteVar(name: unknown): void {
      this.#host.setVariable(this.#variable(name), undefined);
    }
    #variable(name: unknown): string {
      const wanted = String(name);
      return wanted.startsWith("var://")
        ? wanted
        : `var://context/${this.#host.contextName(this.#name)}/${wanted}`;
    }
  }
  class Session {
    readonly #host: ScriptHost;
    readonly input: Context;
    readonly output: Context;
    readonly INPUT: Context;
    #parameters: Record<string, string> | undefined;
    constructor(host: ScriptHost) {
      this.#host = host;
      this.input = new Context(host, "(input)");
      this.output = new Context(host, "(output)");
      this.INPUT = new Context(host, "INPUT");
      Object.freeze(this);
    }
    /** Of this run: scripts set defaults in it. */
    get parameters(): Record<string, string> {
      this.#parameters ??= { ...this.#host.parameters() };
      return this.#parameters;
    }
    name(name: unknown): Context | undefined {
      const wanted = String(name);
      if (unreachable.includes(wanted)) return undefined;
      return this.#host.contextExists(wanted) ? new Context(this.#host, wanted) : undefined;
    }
    createContext(name: unknown): Context {
      const wanted = String(name);
      if (wanted === "" || wanted === "INPUT" || unreachable.includes(wanted)) {
        throw new TypeError(
          `${wanted === "" ? "the empty name" : wanted} is a reserved context name`,
        );
      }
      this.#host.createContext(wanted);
      return new Context(this.#host, wanted);
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
    options(options?: { category?: unknown }): Console {
      return new Console(this.#host, String(options?.category ?? this.#category));
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
  kit.freeze([Readable, Context, Session, Console]);
  return {
    session: (host) => new Session(host),
    console: (host, category) => new Console(host, category),
  };
}
