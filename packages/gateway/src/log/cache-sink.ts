import type { LogSink } from "./log-sink.ts";

/** The last lines, in memory. */
export class CacheSink implements LogSink {
  readonly #most: number;
  #lines: string[] = [];
  #bytes = 0;
  written = 0;
  readonly dropped = 0;
  readonly pending = 0;
  readonly why = undefined;

  /** `most` is in bytes; the oldest lines go first. */
  constructor(most: number) {
    this.#most = most;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  write(line: string): void {
    this.written++;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes <= this.#most) return;
    // a quarter at a time, so that not every line moves all others
    let gone = 0;
    while (this.#bytes > this.#most * 0.75 && gone < this.#lines.length - 1) {
      this.#bytes -= this.#lines[gone++]!.length;
    }
    this.#lines = this.#lines.slice(gone);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}
