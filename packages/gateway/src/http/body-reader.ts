import { ChunkDecoder } from "./chunk-decoder.ts";

/** Takes one body off the bytes of a connection: of a known length, or in chunks. */
export class BodyReader {
  readonly #chunks: ChunkDecoder | undefined;
  #left: number;

  constructor(body: number | "chunked") {
    this.#chunks = body === "chunked" ? new ChunkDecoder() : undefined;
    this.#left = body === "chunked" ? 0 : body;
  }

  get done(): boolean {
    return this.#chunks === undefined ? this.#left === 0 : this.#chunks.done;
  }

  /** Hands data to `take`; gives how many bytes belonged to this body. Throws BadRequest. */
  feed(bytes: Buffer, take: (part: Buffer) => void): number {
    if (this.#chunks !== undefined) return this.#chunks.feed(bytes, take);
    const used = Math.min(this.#left, bytes.length);
    this.#left -= used;
    take(used === bytes.length ? bytes : bytes.subarray(0, used));
    return used;
  }
}
