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
    // Joined once, so that looking again costs nothing
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.length === 0 ? [] : [all];
    return all.subarray(0, bytes);
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
