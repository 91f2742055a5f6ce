import type { RequestListener } from "node:http";
import { createServer, type Socket } from "node:net";
import type { ServerTls } from "../plan/crypto/server-tls-plan.ts";

export interface DoorOptions {
  readonly address: string;
  readonly port: number;
  /** Asked for once, when the first client comes. */
  readonly open: () => Promise<{
    readonly tls: ServerTls;
    readonly listener: RequestListener;
  }>;
  /** Hears why clients could not be let in. */
  readonly failed: (error: Error) => void;
  /** Hears why one client was turned away before its request. */
  readonly note: (text: string) => void;
}

/** A port of management that is open. */
export interface Door {
  readonly port: number;
  close(): Promise<void>;
}

/** Clients of one management port at a time. */
const mostClients = 64;
/** A client has this long for its whole request, in milliseconds. */
const requestTime = 30_000;
const handshakeTime = 10_000;
const idleTime = 60_000;

/**
 * Listens with next to nothing in memory; TLS, HTTP and all behind them are loaded when the first
 * client comes. Rejects with the system's error when the port cannot be had.
 */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const clients = new Set<Socket>();
  let inside: Promise<(socket: Socket) => void> | undefined;
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    socket.on("error", () => {});
    inside ??= openInside(options);
    inside.then(
      (take) => take(socket),
      (error: Error) => {
        inside = undefined;
        options.failed(error);
        socket.destroy();
      },
    );
  });
  server.maxConnections = mostClients;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.address, port: options.port, exclusive: true }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

async function openInside(options: DoorOptions): Promise<(socket: Socket) => void> {
  const { tls, listener } = await options.open();
  const { http: nodeHttp } = await import("../serve/node-http.ts");
  const { SecureFront } = await import("../front/secure-front.ts");
  const http = nodeHttp.createServer({ maxHeaderSize: 16_384 }, listener);
  http.requestTimeout = requestTime;
  http.headersTimeout = requestTime;
  http.setTimeout(idleTime);
  const secure = new SecureFront({
    tls: () => tls,
    protocols: () => ["http/1.1"],
    take: (socket) => void http.emit("connection", socket),
    note: options.note,
  });
  return (socket) => {
    const timer = setTimeout(() => socket.destroy(), handshakeTime);
    socket.once("close", () => clearTimeout(timer));
    secure.accept(socket, () => clearTimeout(timer));
  };
}
