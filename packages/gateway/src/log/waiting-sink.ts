import { type LogSink, WaitingLines } from "./log-sink.ts";

/** A sink that hands its lines on in the background, as `WaitingLines` does. */
export abstract class WaitingSink implements LogSink {
  readonly #lines: WaitingLines;

  constructor(note: (dropped: number) => string) {
    this.#lines = new WaitingLines((bytes, done) => this.carry(bytes, done), note);
  }

  get written(): number {
    return this.#lines.written;
  }

  get dropped(): number {
    return this.#lines.dropped;
  }

  get pending(): number {
    return this.#lines.pending;
  }

  get why(): string | undefined {
    return this.#lines.why;
  }

  write(line: string): void {
    this.#lines.write(line);
  }

  flush(most: number): Promise<void> {
    return this.#lines.flush(most);
  }

  abstract close(): void;

  /** Hands bytes on; `done` hears when they are out, with an error when they never will be. */
  protected abstract carry(bytes: Buffer, done: (error?: Error | null) => void): void;
}
