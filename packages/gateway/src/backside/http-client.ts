import { BackendConnection, type ExchangeListener } from "./backend-connection.ts";
import type { Destination } from "./destination.ts";
import { type Dialler, Dispatch } from "./dispatch.ts";
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
/** Sends requests over kept connections, one pool for each destination. */
export class HttpClient implements Dialler {
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

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a request over a kept connection, else over a new one. */
  send(destination: Destination, request: OutgoingRequest, listener: ExchangeListener): Dispatch {
    const dispatch = new Dispatch(destination, request, listener, this);
    const kept = this.#takeKept(destination.key);
    if (kept === undefined) dispatch.overNew();
    else dispatch.overKept(kept);
    return dispatch;
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

  dial(dispatch: Dispatch): () => void {
    const { destination, request } = dispatch;
    let connection: BackendConnection | undefined;
    return openSocket(
      destination,
      this.#options.network,
      request.timeout,
      (bytes) => connection?.take(bytes),
      (error, socket) => {
        if (socket === undefined || this.#closed) {
          socket?.destroy();
          dispatch.failed(new ConnectError(error?.message ?? "the service ends"), true);
          return;
        }
        connection = new BackendConnection(socket, {
          heads: this.#heads,
          idle: (own) => this.#keep(destination.key, own),
          gone: (own) => this.#forget(destination.key, own),
        });
        this.#connections.add(connection);
        this.#clock ??= setInterval(() => this.#check(), tick).unref();
        dispatch.over(connection);
      },
    );
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
