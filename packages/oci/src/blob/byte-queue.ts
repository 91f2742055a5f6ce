/** The bytes of a stream, to be looked at before they are taken. */
export class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  /** The next bytes, which stay; fewer only at the end of the stream. */
  async peek(bytes: number): Promise<Buffer> {
    while (this.#length < bytes) {
      const { value, done } = await this.#source.next();
      if (done === true) break;
      if (value.length === 0) continue;
      this.#chunks.push(value);
      this.#length += value.length;
    }
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return bufferOf(first).subarray(0, bytes);
    return this.#joined(Math.min(bytes, this.#length));
  }

  /** The first bytes in one piece, no more of them copied than are asked for. */
  #joined(bytes: number): Buffer {
    const joined = Buffer.allocUnsafe(bytes);
    const rest: Uint8Array[] = [];
    let filled = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, bytes - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length < chunk.length) rest.push(chunk.subarray(part.length));
    }
    this.#chunks = bytes === 0 ? [] : [joined, ...rest];
    return joined;
  }

  /** Takes them away. */
  async take(bytes: number): Promise<Buffer> {
    const taken = await this.peek(bytes);
    const [first] = this.#chunks;
    if (first !== undefined) {
      const rest = first.subarray(taken.length);
      this.#chunks = rest.length === 0 ? this.#chunks.slice(1) : [rest, ...this.#chunks.slice(1)];
    }
    this.#length -= taken.length;
    return taken;
  }

  /** Everything from here. */
  async *rest(): AsyncGenerator<Uint8Array> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    yield* chunks;
    for (;;) {
      const { value, done } = await this.#source.next();
      if (done === true) return;
      yield value;
    }
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
