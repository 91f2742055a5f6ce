import type { Readable } from "node:stream";
import type { Headers } from "../http/headers.ts";
import type { Destination } from "./destination.ts";
import type { HttpClient } from "./http-client.ts";
import type { OutgoingRequest } from "./request-pump.ts";

/** What the backend answered; a `body` that is a stream has to be read or destroyed. */
export interface BackendAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array | Readable;
}

/** Who waits for an answer, and may go away before it comes. */
export interface Waiting {
  onGone?: (() => void) | undefined;
}

/** The client went away: there is nobody to answer, and nothing to try again for. */
export class ClientGone extends Error {}

/** Sends one request; one of the two hears why there is no answer, or the answer. */
export function exchange(
  client: HttpClient,
  destination: Destination,
  request: OutgoingRequest,
  waiting: Waiting,
  answered: (answer: BackendAnswer) => void,
  failed: (error: Error) => void,
): void {
  const giveUp = client.send(destination, request, {
    answered: ({ status, reason, headers }, body) => {
      waiting.onGone = undefined;
      answered({ status, reason, headers, body });
    },
    failed: (error) => {
      waiting.onGone = undefined;
      failed(error);
    },
  });
  waiting.onGone = () => {
    waiting.onGone = undefined;
    giveUp();
    failed(new ClientGone("the client went away"));
  };
}

/** Lets an answer go that nobody will read. */
export function discard(body: Uint8Array | Readable): void {
  if (!(body instanceof Uint8Array)) body.destroy();
}
