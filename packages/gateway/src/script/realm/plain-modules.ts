import type { RealmKit } from "./kit.ts";

/** Node's functions that take and give plain values. */
export interface PlainBackend {
  call(module: string, name: string, values: readonly unknown[]): unknown;
}

/** Runs inside a realm (its text is evaluated there): the modules that are Node's own functions. */
export function installPlain(
  kit: RealmKit,
  backend: PlainBackend,
  functions: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, object>> {
  const modules: Record<string, Record<string, unknown>> = {};
  for (const [module, names] of Object.entries(functions)) {
    modules[module] = {};
    for (const name of names) {
      modules[module][name] = (...values: readonly unknown[]) =>
        kit.adopt(backend.call(module, name, values));
    }
  }
  const { url } = modules;
  // an address may be given as an object: its own text is what Node would make of it
  class Url {
    constructor(parts: object) {
      Object.assign(this, parts);
    }
    format(): unknown {
      return (url!.format as (parts: object) => unknown)(this);
    }
    resolve(relative: unknown): unknown {
      return (url!.resolve as (...values: unknown[]) => unknown)(this.format(), relative);
    }
  }
  const parse = url!.parse as (...values: readonly unknown[]) => object;
  url!.parse = (...values: readonly unknown[]) => new Url(parse(...values));
  kit.freeze(Url);
  return kit.freeze(modules);
}
