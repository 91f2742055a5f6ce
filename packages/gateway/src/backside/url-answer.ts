import type { Readable } from "node:stream";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import type { UrlHead } from "../script/script-host.ts";

/** Largest answer to a request of a script or an action, in bytes. */
const largestAnswer = 64 * 1024 * 1024;

/** An answer whose head is there; whoever asked reads its body or leaves it. */
export interface UrlAnswer extends UrlHead {
  readonly body: UrlBody;
}

/** The body of an answer: collected from its first byte on, so that its connection is soon free. */
export class UrlBody {
  readonly #stream: Readable | undefined;
  readonly #whole: Promise<Uint8Array>;

  /** A stream has to be whole within `timeout` milliseconds, 0 for any time. */
  constructor(body: Uint8Array | Readable, timeout: number) {
    if (body instanceof Uint8Array) {
      this.#whole = Promise.resolve(body);
      return;
    }
    this.#stream = body;
    this.#whole = collected(body);
    // nobody may ever ask for it
    this.#whole.catch(() => {});
    if (timeout === 0) return;
    const late = new Error("the answer did not come whole in the time that it was given");
    const timer = setTimeout(() => body.destroy(late), timeout);
    body.once("close", () => clearTimeout(timer));
  }

  /** All of its bytes; rejects with why there are not. */
  whole(): Promise<Uint8Array> {
    return this.#whole;
  }

  /** Nobody reads it any more: a connection that it still comes over ends. */
  leave(): void {
    this.#stream?.destroy();
  }
}

async function collected(stream: Readable): Promise<Uint8Array> {
  const bytes = await collectBody(stream, largestAnswer);
  if (!(bytes instanceof TooLarge)) return bytes;
  stream.destroy();
  throw new Error("the answer is larger than 64 MiB");
}
