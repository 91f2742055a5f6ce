/** What the realm's Buffer borrows: Node's own implementation, on views of the same memory. */
export interface BufferBackend {
  /** Methods that can be called on any view: name → function taking the view and the arguments. */
  call(method: string, view: Uint8Array, values: readonly unknown[]): unknown;
  /** The bytes of `Buffer.from(value, encoding)`. */
  from(value: unknown, encoding: unknown): Uint8Array;
  byteLength(value: unknown, encoding: unknown): number;
  isEncoding(encoding: unknown): boolean;
  inspect(view: Uint8Array): string;
  readonly methods: readonly string[];
}

/** A Uint8Array with Node's Buffer methods, of the realm in which `installBuffer` ran. */
export interface RealmBuffer {
  new (bytes: Uint8Array): Uint8Array;
  readonly prototype: Uint8Array;
  /** A buffer with the same bytes, in memory of the realm. */
  over(view: Uint8Array): Uint8Array;
  from(value: unknown, encoding?: unknown): Uint8Array;
  concat(list: readonly Uint8Array[]): Uint8Array;
}

/**
 * Runs inside a realm (its text is evaluated there): makes the class Buffer of that realm, so that
 * scripts never hold Node's own, which belongs to the gateway.
 */
export function installBuffer(backend: BufferBackend): RealmBuffer {
  interface Fillable {
    fill(...values: readonly unknown[]): Bytes;
  }
  const sized = (size: unknown): Bytes => {
    const length = Number(size);
    if (!(length >= 0)) throw new RangeError(`not a size of a Buffer: ${String(size)}`);
    return new Bytes(length);
  };
  const from = (value: unknown, second?: unknown, length?: unknown): Bytes => {
    if (typeof value === "number") throw new TypeError("Buffer.from does not take a number");
    if (value instanceof ArrayBuffer) {
      const size = length === undefined ? undefined : Number(length);
      return new Bytes(value, Number(second ?? 0), size);
    }
    return over(backend.from(value, second));
  };
  const over = (view: ArrayLike<number>): Bytes => {
    const copy = new Bytes(view.length);
    copy.set(view);
    return copy;
  };
  const wrap = (view: Uint8Array): Bytes =>
    new Bytes(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  class Bytes extends Uint8Array {
    override slice(start?: number, end?: number): Bytes {
      return wrap(super.subarray(start, end));
    }
    override subarray(start?: number, end?: number): Bytes {
      return wrap(super.subarray(start, end));
    }
    toJSON(): { type: string; data: number[] } {
      return { type: "Buffer", data: [...this] };
    }
    inspect(): string {
      return backend.inspect(this);
    }
  }
  for (const method of backend.methods) {
    if (Object.hasOwn(Bytes.prototype, method)) continue;
    Object.defineProperty(Bytes.prototype, method, {
      value(this: Bytes, ...values: readonly unknown[]) {
        const result = backend.call(method, this, values);
        if (typeof result !== "object" || result === null) return result;
        return method === "fill" || method.startsWith("swap") ? this : over(result as Uint8Array);
      },
      writable: true,
      configurable: true,
    });
  }
  // older scripts call it, with and without `new`
  function Buffer(first: unknown, second?: unknown, third?: unknown): Bytes {
    if (new.target !== undefined && new.target !== (Buffer as unknown)) {
      return Reflect.construct(Uint8Array, [first, second, third], new.target) as Bytes;
    }
    return typeof first === "number" ? sized(first) : from(first, second, third);
  }
  Object.setPrototypeOf(Buffer, Uint8Array);
  Buffer.prototype = Bytes.prototype;
  Object.defineProperty(Bytes.prototype, "constructor", { value: Buffer, configurable: true });
  const statics = {
    from,
    over,
    alloc: (size: unknown, fill?: unknown, encoding?: unknown): Bytes =>
      fill === undefined
        ? sized(size)
        : (sized(size) as unknown as Fillable).fill(fill, 0, size, encoding),
    allocUnsafe: sized,
    allocUnsafeSlow: sized,
    concat: (list: readonly Uint8Array[], length?: number): Bytes => {
      const total = length ?? list.reduce((sum, part) => sum + part.length, 0);
      const made = sized(total);
      let at = 0;
      for (const part of list) {
        if (at >= total) break;
        made.set(part.subarray(0, total - at), at);
        at += part.length;
      }
      return made;
    },
    isBuffer: (value: unknown): boolean => value instanceof Bytes,
    isEncoding: (encoding: unknown): boolean => backend.isEncoding(encoding),
    byteLength: (value: unknown, encoding?: unknown): number => backend.byteLength(value, encoding),
    compare: (left: Uint8Array, right: Uint8Array): number =>
      backend.call("compare", left, [right]) as number,
  };
  for (const [name, value] of Object.entries(statics)) {
    Object.defineProperty(Buffer, name, { value, writable: true, configurable: true });
  }
  return Buffer as unknown as RealmBuffer;
}
