import { Readable } from "node:stream";

/** The body of a request on its way to whoever reads it. */
export class MessageBody extends Readable {
  readonly #wanted: () => void;
  /** True once a byte of it came or was asked for. */
  began = false;

  constructor(wanted: () => void) {
    super();
    this.#wanted = wanted;
    // a connection that breaks must not end the process where nobody reads the body
    this.on("error", () => {});
  }

  override _read(): void {
    this.#wanted();
  }
}
