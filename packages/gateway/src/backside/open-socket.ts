import { connect, isIP, type Socket } from "node:net";
import type { Destination } from "./destination.ts";
import type { NameResolver } from "./name-resolver.ts";
import type { OutboundRoute } from "./outbound.ts";
import { openTunnel } from "./proxy-tunnel.ts";
import { secureSocket } from "./secure-socket.ts";

/** What connections of a gateway have in common. */
export interface Network {
  readonly names?: NameResolver | undefined;
  readonly route?: OutboundRoute | undefined;
  readonly warn?: ((text: string) => void) | undefined;
}

/** Hears once: a connected socket, or why there is none. */
export type SocketListener = (error: Error | undefined, socket?: Socket) => void;

/** A buffer for all plain reads of the process: what is to be kept of it is copied at once. */
const readBuffer = Buffer.allocUnsafe(65_536);
/** As much of it as was read last: answers are often as long as the one before. */
let part = readBuffer;

/**
 * Opens a connection, with TLS and through a proxy where the destination says so; `take` gets its
 * bytes, valid only during the call; without it they come as events of the socket. Gives a function
 * that gives up. `timeout` is in milliseconds and for all of it.
 */
export function openSocket(
  destination: Destination,
  network: Network,
  timeout: number,
  take: ((bytes: Buffer) => void) | undefined,
  done: SocketListener,
): () => void {
  const opening = new Opening(destination, network, take, done);
  opening.begin(timeout);
  return () => opening.giveUp();
}

/** One connection on its way. */
class Opening {
  readonly #destination: Destination;
  readonly #network: Network;
  readonly #take: ((bytes: Buffer) => void) | undefined;
  readonly #done: SocketListener;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    destination: Destination,
    network: Network,
    take: ((bytes: Buffer) => void) | undefined,
    done: SocketListener,
  ) {
    this.#destination = destination;
    this.#network = network;
    this.#take = take;
    this.#done = done;
  }

  begin(timeout: number): void {
    const { host, port, proxy } = this.#destination;
    const { names, route } = this.#network;
    const at = proxy ?? { host, port };
    const address = names?.addressOf(at.host) ?? at.host;
    const { secure } = this.#destination;
    // a stand-in for tests speaks no TLS
    const plain = secure === undefined || route !== undefined;
    const socket = connect({
      ...at,
      host: address,
      noDelay: true,
      ...(names === undefined || isIP(address) !== 0 ? {} : { lookup: names.lookup }),
      ...route?.to(host, port),
      ...(plain && this.#take !== undefined ? { onread: reads(this.#take) } : {}),
    });
    this.#socket = socket;
    this.#timer = setTimeout(
      () => this.#fail(new Error(`no connection within ${timeout / 1000} s`)),
      timeout,
    );
    socket.on("error", this.#fail);
    socket.once("connect", () => {
      route?.connected(socket.localPort ?? 0, host, port, secure !== undefined);
      if (plain) this.#succeed(socket);
      else if (proxy === undefined) this.#secure(socket);
      else
        openTunnel(socket, host, port, (error) => {
          if (error === undefined) this.#secure(socket);
          else this.#fail(error);
        });
    });
  }

  giveUp(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket?.on("error", () => {});
    this.#socket?.destroy();
  }

  #secure(socket: Socket): void {
    if (this.#over) return;
    const { secure } = this.#destination;
    const warn = this.#network.warn ?? (() => {});
    secureSocket(
      socket,
      this.#destination,
      secure!,
      (error, ready) => {
        if (ready === undefined) {
          this.#fail(error ?? new Error("no connection"));
          return;
        }
        if (this.#take !== undefined) ready.on("data", this.#take);
        this.#succeed(ready);
      },
      warn,
    );
  }

  #succeed(socket: Socket): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    socket.off("error", this.#fail);
    this.#done(undefined, socket);
  }

  readonly #fail = (error: Error): void => {
    if (this.#over) return;
    this.giveUp();
    this.#done(
      new Error(error.message || ((error as NodeJS.ErrnoException).code ?? "no connection")),
    );
  };
}

function reads(take: (bytes: Buffer) => void): {
  buffer: Buffer;
  callback: (size: number) => boolean;
} {
  return {
    buffer: readBuffer,
    callback: (size) => {
      if (part.length !== size) part = readBuffer.subarray(0, size);
      take(part);
      return true;
    },
  };
}
