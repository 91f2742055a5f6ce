/** Where lines of a log go. Writing never waits: what cannot be taken is dropped and counted. */
export interface LogSink {
  write(line: string): void;
  readonly written: number;
  readonly dropped: number;
  readonly pending: number;
  /** What keeps it from writing; undefined while it can. */
  readonly why: string | undefined;
  /** Waits, at most this many milliseconds, until what was written is out. */
  flush(most: number): Promise<void>;
  close(): void;
}

/** Bytes that wait for a slow sink. */
export const mostWaiting = 1024 * 1024;

/** Hands bytes on; `done` hears when they are out, with an error when they never will be. */
export type Carry = (bytes: Buffer, done: (error?: Error | null) => void) => void;

/**
 * Lines on their way to something slow: one write at a time, with all that has come in meanwhile.
 * Beyond 1 MiB lines are dropped; once there is room again, `note` makes the line that says so.
 */
export class WaitingLines {
  readonly #carry: Carry;
  readonly #note: (dropped: number) => string;
  #lines: string[] = [];
  #bytes = 0;
  #busy = false;
  #unsaid = 0;
  #idle: (() => void)[] = [];
  #inFlight = 0;
  written = 0;
  dropped = 0;
  why: string | undefined;

  constructor(carry: Carry, note: (dropped: number) => string) {
    this.#carry = carry;
    this.#note = note;
  }

  get pending(): number {
    return this.#lines.length + this.#inFlight;
  }

  write(line: string): void {
    if (this.#bytes >= mostWaiting) {
      this.dropped++;
      this.#unsaid++;
      return;
    }
    if (this.#unsaid > 0) {
      this.#lines.push(this.#note(this.#unsaid));
      this.#unsaid = 0;
    }
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    if (!this.#busy) this.#next();
  }

  /** Resolves when nothing waits any more, or after this many milliseconds. */
  flush(most: number): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, most);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #next(): void {
    if (this.#lines.length === 0) {
      this.#busy = false;
      for (const tell of this.#idle.splice(0)) tell();
      return;
    }
    this.#busy = true;
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    this.#inFlight = lines.length;
    this.#carry(Buffer.from(`${lines.join("\n")}\n`), (error) => {
      this.#inFlight = 0;
      if (error === undefined || error === null) {
        this.written += lines.length;
        this.why = undefined;
      } else {
        this.dropped += lines.length;
        this.#unsaid += lines.length;
        this.why = error.message;
      }
      this.#next();
    });
  }
}
