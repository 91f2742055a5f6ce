import { Readable } from "node:stream";

/** The body of a backend's answer on its way to whoever reads it. */
export class AnswerBody extends Readable {
  readonly #wanted: () => void;
  readonly #left: () => void;

  /** `wanted` asks for more bytes; `left` says that nobody will read the rest. */
  constructor(wanted: () => void, left: () => void) {
    super();
    this.#wanted = wanted;
    this.#left = left;
    // a connection that breaks must not end the process where nobody reads the body
    this.on("error", () => {});
  }

  override _read(): void {
    this.#wanted();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.readableEnded) this.#left();
    done(error);
  }
}
