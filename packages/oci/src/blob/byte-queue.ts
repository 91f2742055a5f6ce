import { releaseWhole } from "./release.ts";

/** The bytes of a stream, to be looked at before they are taken. */
export class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #isOwned: boolean;
  #chunks: Uint8Array[] = [];
  /** Of the chunks, the memory that nothing else lies in. */
  readonly #whole = new Set<ArrayBufferLike>();
  #length = 0;

  /** With `owned` what comes is nobody else's: the memory of what was moved away is given back. */
  constructor(source: AsyncIterator<Uint8Array>, options: { readonly owned?: boolean } = {}) {
    this.#source = source;
    this.#isOwned = options.owned === true;
  }

  /** The next bytes, which stay; fewer only at the end of the stream. Valid until they are moved. */
  async peek(bytes: number): Promise<Buffer> {
    while (this.#length < bytes && (await this.#more()));
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return bufferOf(first).subarray(0, bytes);
    return this.#joined(Math.min(bytes, this.#length));
  }

  /** Takes the next bytes away, into this memory. Gives what was filled, which is less only at the end of the stream. */
  async moveTo(memory: Buffer): Promise<Buffer> {
    let filled = 0;
    while (filled < memory.length && (this.#length > 0 || (await this.#more()))) {
      const chunk = this.#chunks[0] as Uint8Array;
      const part = chunk.subarray(0, memory.length - filled);
      memory.set(part, filled);
      filled += part.length;
      this.#length -= part.length;
      if (part.length < chunk.length) this.#chunks[0] = chunk.subarray(part.length);
      else {
        this.#chunks.shift();
        this.#giveBack(chunk);
      }
    }
    return memory.subarray(0, filled);
  }

  /** Everything from here. */
  async *rest(): AsyncGenerator<Uint8Array> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#whole.clear();
    this.#length = 0;
    yield* chunks;
    for (;;) {
      const { value, done } = await this.#source.next();
      if (done === true) return;
      yield value;
    }
  }

  /** False at the end of the stream. */
  async #more(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.#source.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      if (this.#isOwned) this.#note(value);
      this.#chunks.push(value);
      this.#length += value.length;
      return true;
    }
  }

  /** The first bytes in one piece, no more of them copied than are asked for. */
  #joined(bytes: number): Buffer {
    const joined = Buffer.allocUnsafe(bytes);
    this.#note(joined);
    const rest: Uint8Array[] = [];
    let filled = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, bytes - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length < chunk.length) rest.push(chunk.subarray(part.length));
      else this.#giveBack(chunk);
    }
    this.#chunks = bytes === 0 ? [] : [joined, ...rest];
    return joined;
  }

  #note({ buffer, byteLength }: Uint8Array): void {
    if (buffer.byteLength === byteLength) this.#whole.add(buffer);
  }

  /** Parts of a chunk come in their order: with the last one all of it was copied. */
  #giveBack({ buffer }: Uint8Array): void {
    if (this.#whole.delete(buffer)) releaseWhole(new Uint8Array(buffer));
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
