/** Pieces that one hands on while another reads them; whoever is ahead waits. */
export class Passage {
  readonly #pieces: Uint8Array[] = [];
  #isEnded = false;
  #isLeft = false;
  #change = Promise.withResolvers<void>();

  /** Resolves when the reader is near, or has gone. */
  async put(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
    this.#changed();
    while (this.#pieces.length > ahead && !this.#isLeft) await this.#change.promise;
  }

  end(): void {
    this.#isEnded = true;
    this.#changed();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) {
          this.#changed();
          yield piece;
        } else if (this.#isEnded) return;
        else await this.#change.promise;
      }
    } finally {
      this.#isLeft = true;
      this.#changed();
    }
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

const ahead = 4;
