import type { TarEntry, TarLimits } from "./entry.ts";
import { TarScanner } from "./scan.ts";

type Piece = { readonly entry: TarEntry } | { readonly bytes: Buffer } | "end";

/**
 * The members of a tar archive, in order. A body that is not read, or not to its end, is skipped;
 * it can be read only until the next member is asked for.
 * @throws Fault TAR_INVALID, LIMIT_EXCEEDED
 */
export async function* readTar(
  bytes: AsyncIterable<Uint8Array>,
  limits?: TarLimits,
): AsyncGenerator<{ readonly entry: TarEntry; readonly body: AsyncIterable<Uint8Array> }> {
  const pieces = new PieceQueue(bytes, limits);
  try {
    for (;;) {
      const piece = pieces.shift() ?? (await pieces.next());
      if (piece === undefined) return;
      if (piece === "end" || "bytes" in piece) continue;
      yield { entry: piece.entry, body: bodyOf(pieces, piece.entry) };
    }
  } finally {
    await pieces.close();
  }
}

async function* bodyOf(pieces: PieceQueue, entry: TarEntry): AsyncGenerator<Uint8Array> {
  if (pieces.current !== entry) return;
  for (;;) {
    const piece = pieces.shift() ?? (await pieces.next());
    if (piece === undefined || piece === "end" || "entry" in piece) return;
    yield piece.bytes;
    if (pieces.current !== entry) return;
  }
}

class PieceQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #scanner: TarScanner;
  #pieces: Piece[] = [];
  #at = 0;
  #isDone = false;
  current: TarEntry | undefined;

  constructor(bytes: AsyncIterable<Uint8Array>, limits: TarLimits | undefined) {
    this.#source = bytes[Symbol.asyncIterator]();
    const sink = {
      member: ({ entry }: { readonly entry: TarEntry }) => this.#pieces.push({ entry }),
      body: (part: Buffer) => this.#pieces.push({ bytes: part }),
      end: () => this.#pieces.push("end"),
      trailer: () => undefined,
    };
    this.#scanner = new TarScanner(sink, { limits });
  }

  /** What is known already. */
  shift(): Piece | undefined {
    const piece = this.#pieces[this.#at];
    if (piece === undefined) return undefined;
    this.#at += 1;
    if (piece === "end") this.current = undefined;
    else if ("entry" in piece) this.current = piece.entry;
    return piece;
  }

  async next(): Promise<Piece | undefined> {
    while (!this.#isDone && this.#at >= this.#pieces.length) {
      this.#pieces = [];
      this.#at = 0;
      const { value, done } = await this.#source.next();
      if (done === true) {
        this.#isDone = true;
        this.#scanner.end();
      } else {
        this.#scanner.push(value);
      }
    }
    return this.shift();
  }

  async close(): Promise<void> {
    if (!this.#isDone) await this.#source.return?.();
  }
}
