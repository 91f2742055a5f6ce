/** What the realm's Buffer borrows: Node's own implementation, on views of the same memory. */
export interface BufferBackend {
  /** Methods that can be called on any view: name → function taking the view and the arguments. */
  call(method: string, view: Uint8Array, values: readonly unknown[]): unknown;
  /** The bytes of `Buffer.from(value, encoding)`. */
  from(value: unknown, encoding: unknown): Uint8Array;
  byteLength(value: unknown, encoding: unknown): number;
  isEncoding(encoding: unknown): boolean;
  readonly methods: readonly string[];
}

/** A Uint8Array with Node's Buffer methods, of the realm in which `installBuffer` ran. */
export interface RealmBuffer {
  new (bytes: Uint8Array): Uint8Array;
  /** A buffer with the same bytes, in memory of the realm. */
  over(view: Uint8Array): Uint8Array;
}

/**
 * Runs inside a realm (its text is evaluated there): makes the class Buffer of that realm, so that
 * scripts never hold Node's own, which belongs to the gateway.
 */
export function installBuffer(backend: BufferBackend): RealmBuffer {
  const wrap = (view: Uint8Array): Buffer =>
    new Buffer(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  class Buffer extends Uint8Array {
    static override from(value: unknown, encoding?: unknown, length?: number): Buffer {
      if (value instanceof ArrayBuffer) {
        return new Buffer(value, Number(encoding ?? 0), length);
      }
      return Buffer.over(backend.from(value, encoding));
    }
    static over(view: Uint8Array): Buffer {
      const copy = new Buffer(view.length);
      copy.set(view);
      return copy;
    }
    static alloc(size: number, fill?: unknown, encoding?: unknown): Buffer {
      const made = new Buffer(size);
      return fill === undefined
        ? made
        : (made as unknown as Fillable).fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size: number): Buffer {
      return new Buffer(size);
    }
    static concat(list: readonly Uint8Array[], length?: number): Buffer {
      const total = length ?? list.reduce((sum, part) => sum + part.length, 0);
      const made = new Buffer(total);
      let at = 0;
      for (const part of list) {
        if (at >= total) break;
        made.set(part.subarray(0, total - at), at);
        at += part.length;
      }
      return made;
    }
    static isBuffer(value: unknown): boolean {
      return value instanceof Buffer;
    }
    static isEncoding(encoding: unknown): boolean {
      return backend.isEncoding(encoding);
    }
    static byteLength(value: unknown, encoding?: unknown): number {
      return backend.byteLength(value, encoding);
    }
    static compare(left: Uint8Array, right: Uint8Array): number {
      return backend.call("compare", left, [right]) as number;
    }
    override slice(start?: number, end?: number): Buffer {
      return wrap(super.subarray(start, end));
    }
    override subarray(start?: number, end?: number): Buffer {
      return wrap(super.subarray(start, end));
    }
    toJSON(): { type: string; data: number[] } {
      return { type: "Buffer", data: [...this] };
    }
  }
  interface Fillable {
    fill(...values: readonly unknown[]): Buffer;
  }
  for (const method of backend.methods) {
    if (Object.hasOwn(Buffer.prototype, method)) continue;
    Object.defineProperty(Buffer.prototype, method, {
      value(this: Buffer, ...values: readonly unknown[]) {
        const result = backend.call(method, this, values);
        if (typeof result !== "object" || result === null) return result;
        return method === "fill" || method.startsWith("swap")
          ? this
          : Buffer.over(result as Uint8Array);
      },
      writable: true,
      configurable: true,
    });
  }
  return Buffer as unknown as RealmBuffer;
}
