import { closeSync, fstatSync, mkdirSync, openSync, renameSync, write } from "node:fs";
import { dirname } from "node:path";
import { WaitingSink } from "./waiting-sink.ts";

export interface FileSinkOptions {
  readonly file: string;
  /** Bytes after which the file is put aside. */
  readonly size: number;
  /** Files that are kept besides the one that is written: `file.1` is the latest. */
  readonly rotate: number;
  readonly note: (dropped: number) => string;
}

/**
 * Lines to a file, made when the first line comes; put aside when it is full. A file that cannot
 * be written is tried again with the next lines, and what was meant for it counts as dropped.
 */
export class FileSink extends WaitingSink {
  readonly #options: FileSinkOptions;
  #descriptor: number | undefined;
  #size = 0;

  constructor(options: FileSinkOptions) {
    super(options.note);
    this.#options = options;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  protected carry(bytes: Buffer, done: (error?: Error | null) => void): void {
    let descriptor: number;
    try {
      descriptor = this.#open(bytes.length);
    } catch (error) {
      process.nextTick(done, error as Error);
      return;
    }
    write(descriptor, bytes, (error, count) => {
      this.#size += count;
      if (error !== null) this.close();
      done(error);
    });
  }

  #open(more: number): number {
    const { file, size } = this.#options;
    if (this.#descriptor !== undefined && this.#size > 0 && this.#size + more > size) {
      this.close();
      this.#putAside();
    }
    if (this.#descriptor === undefined) {
      mkdirSync(dirname(file), { recursive: true });
      this.#descriptor = openSync(file, "a", 0o640);
      this.#size = fstatSync(this.#descriptor).size;
    }
    return this.#descriptor;
  }

  #putAside(): void {
    const { file, rotate } = this.#options;
    for (let number = rotate; number >= 1; number--) {
      const from = number === 1 ? file : `${file}.${number - 1}`;
      try {
        renameSync(from, `${file}.${number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }
}
