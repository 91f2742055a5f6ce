/** Bits in the order of deflate (RFC 1951, 3.1.1): the lowest of a byte first. */
export class BitWriter {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #end = 0;
  #held = 0;
  #count = 0;

  /** At most 16 bits. */
  put(value: number, bits: number): void {
    this.#held |= value << this.#count;
    this.#count += bits;
    this.#room(4);
    while (this.#count >= 8) {
      this.#bytes[this.#end] = this.#held;
      this.#end += 1;
      this.#held >>>= 8;
      this.#count -= 8;
    }
  }

  /** Zeros up to the next whole byte. */
  align(): void {
    if (this.#count > 0) this.put(0, 8 - this.#count);
  }

  /** Whole bytes. The writer stands at one. */
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Bits of other bytes, as they are. */
  copy(from: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && (this.#count !== 0 || end - at < 8)) {
      // Up to a whole byte here, so that the rest goes byte by byte
      const bits = Math.min(8 - this.#count, end - at, 8 - (at & 7));
      this.put(((from[at >>> 3] as number) >>> (at & 7)) & ((1 << bits) - 1), bits);
      at += bits;
    }
    const count = (end - at) >>> 3;
    if (count === 0) {
      if (at < end) this.copy(from, at, end);
      return;
    }
    this.#room(count + 4);
    const first = at >>> 3;
    if ((at & 7) === 0) this.#bytes.set(from.subarray(first, first + count), this.#end);
    else shifted(from, first, at & 7, this.#bytes, this.#end, count);
    this.#end += count;
    const rest = at + count * 8;
    if (rest < end) this.copy(from, rest, end);
  }

  /** Whole bytes that are not taken yet. */
  get length(): number {
    return this.#end;
  }

  /** Four bytes, lowest first, in place of what was written there. */
  replace(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  /** The first bytes; the others, and bits of a begun one, stay. */
  take(bytes: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, bytes));
    this.#bytes.copyWithin(0, bytes, this.#end);
    this.#end -= bytes;
    return taken;
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#end + bytes) * 2);
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

const firstBytes = 1024 * 1024;

/** Whole bytes from within others, four at a time as far as that goes. */
function shifted(
  from: Uint8Array,
  first: number,
  shift: number,
  to: Uint8Array,
  start: number,
  count: number,
): void {
  const [source, target] = [viewOf(from), viewOf(to)];
  const four = count & ~3;
  for (let number = 0; number < four; number += 4) {
    const low = source.getInt32(first + number, true);
    const high = from[first + number + 4] as number;
    target.setInt32(start + number, (low >>> shift) | (high << (32 - shift)), true);
  }
  for (let number = four; number < count; number += 1) {
    const low = from[first + number] as number;
    const high = from[first + number + 1] as number;
    to[start + number] = (low >>> shift) | (high << (8 - shift));
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
