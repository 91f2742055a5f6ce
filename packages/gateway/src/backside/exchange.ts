import type { Readable } from "node:stream";
import type { Headers } from "../http/headers.ts";
import type { ResponseHead } from "./response-head.ts";

/** What the backend answered; a `body` that is a stream has to be read or destroyed. */
export interface BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array | Readable;
  /** The same as latin1, where it came in one piece. */
  readonly text?: string | undefined;
}

/** An answer whose body came whole with its head; its bytes are made for who asks. */
export class WholeAnswer implements BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly text: string;
  #bytes: Uint8Array | undefined;

  constructor({ status, reason, headers }: ResponseHead, text: string) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.text = text;
  }

  get body(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text, "latin1");
    return this.#bytes;
  }
}

/** The client went away: there is nobody to answer, and nothing to try again for. */
export class ClientGone extends Error {}

/** Lets an answer go that nobody will read. */
export function discard(body: Uint8Array | Readable): void {
  if (!(body instanceof Uint8Array)) body.destroy();
}
