import type { Readable } from "node:stream";
import type { Headers } from "../http/headers.ts";

/** What the backend answered; a `body` that is a stream has to be read or destroyed. */
export interface BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array | Readable;
}

/** The client went away: there is nobody to answer, and nothing to try again for. */
export class ClientGone extends Error {}

/** Lets an answer go that nobody will read. */
export function discard(body: Uint8Array | Readable): void {
  if (!(body instanceof Uint8Array)) body.destroy();
}
