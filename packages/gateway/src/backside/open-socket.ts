import { connect, type LookupFunction, type Socket } from "node:net";
import type { OutboundRoute } from "../serve/outbound.ts";
import type { Destination } from "./destination.ts";

/** What connections of a gateway have in common. */
export interface Network {
  readonly lookup?: LookupFunction | undefined;
  readonly route?: OutboundRoute | undefined;
}

/** Hears once: a connected socket, or why there is none. */
export type SocketListener = (error: Error | undefined, socket?: Socket) => void;

/** A buffer for all reads of the process: what is to be kept of it is copied at once. */
const readBuffer = Buffer.allocUnsafe(65_536);

/**
 * Opens a connection; `take` gets its bytes, valid only during the call. Gives a function that
 * gives up. `timeout` is in milliseconds.
 */
export function openSocket(
  destination: Destination,
  network: Network,
  timeout: number,
  take: (bytes: Buffer) => void,
  done: SocketListener,
): () => void {
  const { host, port } = destination;
  const { lookup, route } = network;
  const socket = connect({
    host,
    port,
    noDelay: true,
    ...(lookup === undefined ? {} : { lookup }),
    ...route?.to(host, port),
    onread: {
      buffer: readBuffer,
      callback: (size) => {
        take(readBuffer.subarray(0, size));
        return true;
      },
    },
  });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no connection within ${timeout / 1000} s`)),
    timeout,
  );
  const failed = (error: Error): void => {
    clearTimeout(timer);
    done(new Error(error.message || ((error as NodeJS.ErrnoException).code ?? "no connection")));
  };
  socket.once("error", failed);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", failed);
    route?.connected(socket.localPort ?? 0, host, port);
    done(undefined, socket);
  });
  return () => {
    clearTimeout(timer);
    socket.off("error", failed);
    socket.on("error", () => {});
    socket.destroy();
  };
}
