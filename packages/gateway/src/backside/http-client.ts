import { BackendConnection, type ExchangeListener } from "./backend-connection.ts";
import type { Destination } from "./destination.ts";
import { type Network, openSocket } from "./open-socket.ts";
import type { OutgoingRequest } from "./request-pump.ts";
import { ResponseHeads } from "./response-heads.ts";

/** How long connections are kept, and whether they are. */
export interface ClientOptions {
  readonly network: Network;
  readonly persistent: boolean;
  /** Milliseconds. */
  readonly mostIdle: number;
}

/** Most connections that are kept without a request, for one destination. */
const mostKept = 512;
/** How often connections are looked at for times that have run out, in milliseconds. */
const tick = 250;
/** RFC 9110, 9.2.2: a request that may have arrived can be sent again without a second effect. */
const idempotent: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

/** Sends requests over kept connections, one pool for each destination. */
export class HttpClient {
  readonly #options: ClientOptions;
  readonly #kept = new Map<string, BackendConnection[]>();
  readonly #connections = new Set<BackendConnection>();
  readonly #heads = new ResponseHeads();
  #clock: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Connections that are open, with or without a request. */
  get size(): number {
    return this.#connections.size;
  }

  /**
   * Sends a request. When a kept connection ends before a single byte of an answer, a request that
   * may be repeated is sent once more over a new one. Gives a function that gives the request up.
   */
  send(destination: Destination, request: OutgoingRequest, listener: ExchangeListener): () => void {
    const kept = this.#takeKept(destination.key);
    if (kept === undefined) return this.#sendAnew(destination, request, listener);
    const again = request.body instanceof Uint8Array && idempotent.has(request.method);
    let giveUp = (): void => kept.abort();
    kept.begin(request, {
      answered: (head, body) => listener.answered(head, body),
      failed: (error, silent) => {
        if (!silent || !again || this.#closed) listener.failed(error, silent);
        else giveUp = this.#sendAnew(destination, request, listener);
      },
    });
    return () => giveUp();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#clock);
    for (const connection of this.#connections) connection.destroy();
  }

  #takeKept(key: string): BackendConnection | undefined {
    const kept = this.#kept.get(key);
    while (kept !== undefined && kept.length > 0) {
      const connection = kept.pop()!;
      if (connection.usable) return connection;
      connection.destroy();
    }
    return undefined;
  }

  #sendAnew(
    destination: Destination,
    request: OutgoingRequest,
    listener: ExchangeListener,
  ): () => void {
    let connection: BackendConnection | undefined;
    const giveUp = openSocket(
      destination,
      this.#options.network,
      request.timeout,
      (bytes) => connection?.take(bytes),
      (error, socket) => {
        if (socket === undefined || this.#closed) {
          socket?.destroy();
          listener.failed(new ConnectError(error?.message ?? "the service ends"), true);
          return;
        }
        connection = new BackendConnection(socket, {
          heads: this.#heads,
          idle: (own) => this.#keep(destination.key, own),
          gone: (own) => this.#forget(destination.key, own),
        });
        this.#connections.add(connection);
        this.#clock ??= setInterval(() => this.#check(), tick).unref();
        connection.begin(request, listener);
      },
    );
    return () => {
      if (connection === undefined) giveUp();
      else connection.abort();
    };
  }

  #keep(key: string, connection: BackendConnection): void {
    const { persistent, mostIdle } = this.#options;
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = [];
      this.#kept.set(key, kept);
    }
    if (this.#closed || !persistent || mostIdle === 0 || kept.length >= mostKept) {
      connection.destroy();
    } else {
      kept.push(connection);
    }
  }

  #forget(key: string, connection: BackendConnection): void {
    this.#connections.delete(connection);
    const kept = this.#kept.get(key);
    const at = kept?.indexOf(connection) ?? -1;
    if (at >= 0) kept?.splice(at, 1);
    if (kept?.length === 0) this.#kept.delete(key);
  }

  #check(): void {
    const now = Date.now();
    for (const connection of this.#connections) connection.check(now, this.#options.mostIdle);
  }
}

/** There was no connection: nothing of the request was sent. */
export class ConnectError extends Error {}
