import { type InspectOptions, inspect, types } from "node:util";

/** Deepest part of a value that is copied for showing, whatever depth is asked for. */
const deepest = 20;

/**
 * The text that Node shows for a value of a realm, whose intrinsics are not those that Node knows:
 * a copy of it, made of Node's own, is shown. Accessors are not called.
 */
export function shownValue(value: unknown, options: InspectOptions): string {
  const asked = options.depth === undefined ? 2 : (options.depth ?? deepest);
  const copy = new Copier(Math.min(asked, deepest) + 1).copyOf(value, 0);
  return inspect(copy, options);
}

class Copier {
  readonly #depth: number;
  readonly #made = new Map<object, unknown>();

  constructor(depth: number) {
    this.#depth = depth;
  }

  copyOf(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (types.isProxy(value)) return {};
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    const copy = this.#emptyOf(value);
    this.#made.set(value, copy);
    if (depth > this.#depth || ArrayBuffer.isView(copy)) return copy;
    this.#fill(copy, value, depth + 1);
    return copy;
  }

  /** An object of the same kind and name. */
  #emptyOf(value: object): object {
    if (Array.isArray(value)) return [];
    if (types.isUint8Array(value)) return Buffer.from(value);
    if (types.isDate(value)) return new Date(Number(Date.prototype.getTime.call(value)));
    if (types.isRegExp(value)) return new RegExp(value.source, value.flags);
    if (types.isMap(value)) return new Map();
    if (types.isSet(value)) return new Set();
    if (types.isPromise(value)) return Promise.prototype;
    if (types.isNativeError(value)) return Object.assign(new Error(), { stack: stackOf(value) });
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === null) return Object.create(null) as object;
    const name = nameOf(prototype);
    return name === "Object" ? {} : (Object.create(prototypeOf(name)) as object);
  }

  #shapeOf(property: PropertyDescriptor, depth: number): PropertyDescriptor {
    const { get, set } = property;
    if (get === undefined && set === undefined) {
      return { value: this.copyOf(property.value, depth), writable: true, configurable: true };
    }
    return {
      configurable: true,
      ...(get === undefined ? {} : { get: () => undefined }),
      ...(set === undefined ? {} : { set: () => {} }),
    };
  }

  #fill(copy: object, value: object, depth: number): void {
    if (copy === Promise.prototype) return;
    if (types.isMap(value)) {
      for (const [key, member] of Map.prototype.entries.call(value)) {
        (copy as Map<unknown, unknown>).set(this.copyOf(key, depth), this.copyOf(member, depth));
      }
    } else if (types.isSet(value)) {
      for (const member of Set.prototype.values.call(value)) {
        (copy as Set<unknown>).add(this.copyOf(member, depth));
      }
    }
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      const own = Object.getOwnPropertyDescriptor(copy, key);
      // it would be called with what is not of the realm
      if (key === inspect.custom) continue;
      if (own?.configurable === false || (types.isNativeError(value) && key === "stack")) continue;
      const enumerable = property.enumerable === true;
      Object.defineProperty(copy, key, { ...this.#shapeOf(property, depth), enumerable });
    }
  }
}

function stackOf(error: Error): string {
  const { stack, message } = error;
  return typeof stack === "string" ? stack : String(message);
}

/** The name of what made objects with this prototype; the realm's own are behind an accessor. */
function nameOf(prototype: object): string {
  const property = Object.getOwnPropertyDescriptor(prototype, "constructor");
  const made: unknown =
    property?.get === undefined ? property?.value : property.get.call(prototype);
  const name =
    typeof made === "function" ? Object.getOwnPropertyDescriptor(made, "name")?.value : undefined;
  return typeof name === "string" && name !== "" ? name : "Object";
}

function prototypeOf(name: string): object {
  const made = Object.defineProperty(class {}, "name", { value: name });
  return made.prototype;
}
