import type { BackendConnection, ExchangeListener } from "./backend-connection.ts";
import type { Destination } from "./destination.ts";
import type { BackendAnswer } from "./exchange.ts";
import type { OutgoingRequest } from "./request-pump.ts";

/** RFC 9110, 9.2.2: a request that may have arrived can be sent again without a second effect. */
const idempotent: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

/** Opens connections for requests. */
export interface Dialler {
  readonly closed: boolean;
  /** Sends a request over a new connection; gives a function that gives the opening up. */
  dial(dispatch: Dispatch): () => void;
}

/**
 * One request on its way over a connection. When a kept one ends before a single byte of an answer,
 * a request that may be repeated is sent once more over a new one.
 */
export class Dispatch implements ExchangeListener {
  readonly destination: Destination;
  readonly request: OutgoingRequest;
  readonly #listener: ExchangeListener;
  readonly #dialler: Dialler;
  #connection: BackendConnection | undefined;
  #giveUpOpening: (() => void) | undefined;
  #overKept = false;

  constructor(
    destination: Destination,
    request: OutgoingRequest,
    listener: ExchangeListener,
    dialler: Dialler,
  ) {
    this.destination = destination;
    this.request = request;
    this.#listener = listener;
    this.#dialler = dialler;
  }

  overKept(connection: BackendConnection): void {
    this.#overKept = true;
    this.over(connection);
  }

  overNew(): void {
    this.#giveUpOpening = this.#dialler.dial(this);
  }

  over(connection: BackendConnection): void {
    this.#connection = connection;
    connection.begin(this.request, this);
  }

  /** Nobody waits for the answer any more: the listener hears nothing further. */
  giveUp(): void {
    if (this.#connection !== undefined) this.#connection.abort();
    else this.#giveUpOpening?.();
  }

  answered(answer: BackendAnswer): void {
    this.#listener.answered(answer);
  }

  failed(error: Error, silent: boolean): void {
    if (silent && this.#mayRepeat()) {
      this.#overKept = false;
      this.#connection = undefined;
      this.overNew();
    } else {
      this.#listener.failed(error, silent);
    }
  }

  #mayRepeat(): boolean {
    const { body, method } = this.request;
    const whole = body instanceof Uint8Array;
    return this.#overKept && whole && idempotent.has(method) && !this.#dialler.closed;
  }
}
