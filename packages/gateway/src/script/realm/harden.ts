/**
 * Freezes a value of the realm and everything that can be reached from it. For what is shared by
 * all runs: it remembers what it froze.
 */
export type Freeze = <Value>(value: Value) => Value;

/**
 * Runs inside a realm: freezes every intrinsic and the global object, so that no script can leave
 * anything behind for another transaction. It must not refer to anything outside itself, because
 * its text is evaluated there. Properties that scripts often override on their own objects become
 * accessors first: a frozen data property on a prototype would forbid the override. So do all plain
 * values on the prototypes of what is frozen later: libraries put their defaults there.
 */
export function hardenRealm(globals: object): Freeze {
  for (const name of ["SharedArrayBuffer", "Atomics", "WebAssembly", "FinalizationRegistry"]) {
    Reflect.deleteProperty(globals, name);
  }
  // it gives a promise to scripts in whose text no word says so
  Reflect.deleteProperty(Array, "fromAsync");
  for (const name of Object.getOwnPropertyNames(RegExp)) {
    if (!["length", "name", "prototype", "escape"].includes(name)) {
      Reflect.deleteProperty(RegExp, name);
    }
  }
  const seen = new WeakSet<object>();
  let later = false;
  const waiting: object[] = [globals];
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" || value === null) && typeof value !== "function") return;
    if (!seen.has(value as object)) waiting.push(value as object);
  };
  for (const hidden of [
    function* generator() {},
    async () => {},
    async function* asyncGenerator() {},
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ""[Symbol.iterator](),
    /x/[Symbol.matchAll]("x"),
    new Intl.Segmenter().segment("x"),
    new Intl.Segmenter().segment("x")[Symbol.iterator](),
    Iterator.from({ next: () => ({ done: true, value: 0 }) }),
    [].values().map((value) => value),
  ]) {
    visit(Object.getPrototypeOf(hidden));
  }
  // its stack is read by functions that all errors share
  visit(new Error());
  const often = new Set<PropertyKey>([
    "constructor",
    "toString",
    "toLocaleString",
    "valueOf",
    "hasOwnProperty",
    "isPrototypeOf",
    "name",
    "message",
    "push",
    "concat",
    "then",
    "bind",
  ]);
  const overridable = (holder: object): void => {
    for (const name of later ? Reflect.ownKeys(holder) : often) {
      const property = Object.getOwnPropertyDescriptor(holder, name);
      if (property === undefined || !("value" in property) || !property.configurable) continue;
      const { value, enumerable } = property;
      if (!often.has(name) && !(later && typeof value !== "function")) continue;
      const accessor = {
        get: () => value,
        set(this: object, own: unknown) {
          if (this === holder)
            throw new TypeError(`${String(name)} of an intrinsic cannot be changed`);
          Object.defineProperty(this, name, {
            value: own,
            writable: true,
            enumerable: true,
            configurable: true,
          });
        },
        enumerable: later && enumerable === true,
        configurable: false,
      };
      Object.defineProperty(holder, name, accessor);
      // the holder itself may have been walked already
      visit(value);
      visit(accessor.get);
      visit(accessor.set);
    }
  };
  const freezeWaiting = (): void => {
    const found: object[] = [];
    for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
      if (seen.has(holder)) continue;
      seen.add(holder);
      found.push(holder);
      visit(Object.getPrototypeOf(holder));
      for (const key of Reflect.ownKeys(holder)) {
        const property = Object.getOwnPropertyDescriptor(holder, key);
        visit(property?.value);
        visit(property?.get);
        visit(property?.set);
        if (key === "prototype" && typeof property?.value === "object") overridable(property.value);
      }
    }
    for (const holder of found) {
      // what has elements of its own memory cannot be frozen, and is not shared
      if (!ArrayBuffer.isView(holder)) Object.freeze(holder);
    }
  };
  freezeWaiting();
  later = true;
  return (value) => {
    visit(value);
    freezeWaiting();
    return value;
  };
}
