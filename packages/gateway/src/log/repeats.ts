import type { LogEvent } from "../log.ts";

/** Lines that are kept in mind at a time. */
const mostKnown = 1000;
/** The time over which lines are counted, in milliseconds. */
const span = 10_000;

interface Known {
  since: number;
  count: number;
  readonly event: LogEvent;
}

/**
 * Holds back lines that say the same, but for time and transaction, more often than `allowed` in
 * ten seconds. When such a span is over, one line says how many were held back.
 */
export class Repeats {
  readonly #allowed: number;
  readonly #summary: (event: LogEvent) => void;
  readonly #known = new Map<string, Known>();
  /** Lines held back since the start. */
  held = 0;

  /** `allowed` 0 lets everything through. */
  constructor(allowed: number, summary: (event: LogEvent) => void) {
    this.#allowed = allowed;
    this.#summary = summary;
  }

  /** True for an event that is to be written. */
  lets(event: LogEvent, now: number): boolean {
    if (this.#allowed === 0) return true;
    const { domain = "", code, object, text } = event;
    const key = `${domain}\0${code}\0${object?.kind}\0${object?.name}\0${text}`;
    const known = this.#known.get(key);
    if (known === undefined || now - known.since >= span) {
      if (known !== undefined) this.#end(known);
      if (this.#known.size >= mostKnown) this.sweep(now);
      if (this.#known.size < mostKnown) this.#known.set(key, { since: now, count: 1, event });
      return true;
    }
    known.count++;
    if (known.count <= this.#allowed) return true;
    this.held++;
    return false;
  }

  /** Forgets what is over, and says what was held back; to be called now and then. */
  sweep(now: number): void {
    for (const [key, known] of this.#known) {
      if (now - known.since < span) continue;
      this.#known.delete(key);
      this.#end(known);
    }
  }

  #end({ event, count }: Known): void {
    const held = count - this.#allowed;
    if (held <= 0) return;
    const { transaction: _transaction, ...rest } = event;
    this.#summary({ ...rest, text: `${held} more like this in 10 s: ${event.text}` });
  }
}
