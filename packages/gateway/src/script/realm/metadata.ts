import type { HeaderSide, ScriptHost } from "../script-host.ts";
import type { RealmKit } from "./kit.ts";

/** Makes `service-metadata` and `header-metadata` for one run of a script. */
export interface MetadataMaker {
  service(host: ScriptHost): object;
  header(host: ScriptHost): object;
}

/** A service variable by its lower-camel dotted name, and its URL. */
export interface DottedVariable {
  readonly path: readonly string[];
  readonly url: string;
}

/** Runs inside a realm (its text is evaluated there): the classes behind both metadata modules. */
export function installMetadata(
  kit: RealmKit,
  variables: readonly DottedVariable[],
): MetadataMaker {
  type Holder = new (host: ScriptHost) => object;
  let hostOf: (holder: object) => ScriptHost;
  class Hosted {
    readonly #host: ScriptHost;
    constructor(host: ScriptHost) {
      this.#host = host;
    }
    static {
      hostOf = (holder) => (holder as Hosted).#host;
    }
  }
  const holderFor = (depth: number, list: readonly DottedVariable[]): Holder => {
    class Variables extends Hosted {}
    const inner = new Map<string, DottedVariable[]>();
    for (const variable of list) {
      const name = variable.path[depth]!;
      if (variable.path.length === depth + 1) define(Variables.prototype, name, variable.url);
      else inner.set(name, [...(inner.get(name) ?? []), variable]);
    }
    for (const [name, members] of inner) {
      const Inner = holderFor(depth + 1, members);
      Object.defineProperty(Variables.prototype, name, {
        get(this: object) {
          return Object.freeze(new Inner(hostOf(this)));
        },
        enumerable: true,
      });
    }
    return kit.freeze(Variables);
  };
  const define = (prototype: object, name: string, url: string): void => {
    Object.defineProperty(prototype, name, {
      get(this: object) {
        return kit.revived(hostOf(this).getVariable(url));
      },
      set(this: object, value: unknown) {
        hostOf(this).setVariable(url, kit.kept(value));
      },
      enumerable: true,
    });
  };
  const Base = holderFor(0, variables);
  class ServiceMetadata extends Base {
    getVar(url: unknown): unknown {
      return kit.revived(hostOf(this).getVariable(String(url)));
    }
    setVar(url: unknown, value: unknown): void {
      hostOf(this).setVariable(String(url), kit.kept(value));
    }
    deleteVar(url: unknown): void {
      hostOf(this).setVariable(String(url), undefined);
    }
    list(): object[] {
      return hostOf(this)
        .listVariables()
        .map((variable) => ({ ...variable }));
    }
  }
  class Headers {
    readonly #host: ScriptHost;
    readonly #side: HeaderSide;
    constructor(host: ScriptHost, side: HeaderSide) {
      this.#host = host;
      this.#side = side;
    }
    get(...values: readonly unknown[]): unknown {
      const [name] = kit.named(values);
      if (name === undefined) return this.headers;
      return this.#host.header(this.#side, String(name))[0];
    }
    set(...values: readonly unknown[]): void {
      const [name, value] = kit.named(values);
      const list = Array.isArray(value) ? value.map(String) : [String(value)];
      this.#host.setHeader(this.#side, String(name), list);
    }
    remove(...values: readonly unknown[]): void {
      this.#host.setHeader(this.#side, String(kit.named(values)[0]), []);
    }
    get headers(): object {
      return Object.fromEntries(
        this.#host.allHeaders(this.#side).map(([name, values]) => [name, kit.headerValue(values)]),
      );
    }
    set headers(values: Record<string, unknown>) {
      const wanted = Object.entries(values);
      for (const [name] of this.#host.allHeaders(this.#side)) this.remove(name);
      for (const [name, value] of wanted) this.set(name, value);
    }
    get statusCode(): unknown {
      return this.#host.status(this.#side).code;
    }
    set statusCode(value: unknown) {
      this.#host.setStatus(this.#side, String(value));
    }
    get reasonPhrase(): unknown {
      return this.#host.status(this.#side).reason;
    }
    set reasonPhrase(value: unknown) {
      this.#host.setReason(this.#side, String(value));
    }
  }
  kit.freeze([Hosted, Headers, ServiceMetadata]);
  return {
    service: (host) => Object.freeze(new ServiceMetadata(host)),
    header: (host) =>
      Object.freeze({
        original: new Headers(host, "original"),
        current: new Headers(host, "current"),
        response: new Headers(host, "response"),
      }),
  };
}
