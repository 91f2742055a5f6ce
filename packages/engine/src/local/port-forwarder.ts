import { connect, createServer, type Server, type Socket } from "node:net";
import { Fault } from "@lithify/fault";

/** One published port that listens: bytes go through unchanged, each direction ends on its own. */
export interface Forwarder {
  readonly host: string;
  /** The port that was asked for, or the one that the kernel chose. */
  readonly port: number;
  close(): void;
}

/** Listens and forwards to what `target` says at the time of a connection. Throws Fault PORT_IN_USE. */
export async function openForwarder(
  listen: { readonly host: string; readonly port: number },
  target: () => { readonly host: string; readonly port: number },
): Promise<Forwarder> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target(), allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    join(client, upstream);
  });
  await listening(server, listen);
  const address = server.address();
  return {
    host: listen.host,
    port: typeof address === "object" && address !== null ? address.port : listen.port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** `pipe` keeps the pace of the slower side and passes the end on; an error of one side resets the other. */
function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.resetAndDestroy());
  client.on("close", () => upstream.destroy());
}

function listening(
  server: Server,
  listen: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(listenFault(listen, cause)));
    server.listen({ host: listen.host, port: listen.port, exclusive: true }, resolve);
  });
}

function listenFault(
  listen: { readonly host: string; readonly port: number },
  cause: Error & { readonly code?: string },
): Fault {
  const what = `publish port ${listen.port}`;
  const values = { host: listen.host, port: listen.port };
  if (cause.code === "EADDRINUSE")
    return new Fault("PORT_IN_USE", what, { why: "another program listens there", values, cause });
  return new Fault("KERNEL_REFUSED", what, { why: cause.message, values, cause });
}
