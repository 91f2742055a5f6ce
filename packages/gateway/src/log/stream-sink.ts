import type { Writable } from "node:stream";
import { type LogSink, mostWaiting } from "./log-sink.ts";

/**
 * Lines to a stream of this process, such as standard output. Pipes keep what their reader does
 * not take in memory: beyond 1 MiB lines are dropped, and a line says how many once it has room.
 */
export class StreamSink implements LogSink {
  readonly #stream: Writable;
  readonly #note: (dropped: number) => string;
  #unsaid = 0;
  written = 0;
  dropped = 0;
  why: string | undefined;

  constructor(stream: Writable, note: (dropped: number) => string) {
    this.#stream = stream;
    this.#note = note;
    stream.on("error", (error) => {
      this.why = error.message;
    });
  }

  get pending(): number {
    return this.#stream.writableLength > 0 ? 1 : 0;
  }

  write(line: string): void {
    if (this.#stream.writableLength >= mostWaiting || !this.#stream.writable) {
      this.dropped++;
      this.#unsaid++;
      return;
    }
    if (this.#unsaid > 0) {
      this.#stream.write(`${this.#note(this.#unsaid)}\n`);
      this.#unsaid = 0;
    }
    this.written++;
    this.#stream.write(`${line}\n`);
  }

  flush(most: number): Promise<void> {
    if (this.#stream.writableLength === 0 || !this.#stream.writable) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, most);
      this.#stream.write("", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {}
}
