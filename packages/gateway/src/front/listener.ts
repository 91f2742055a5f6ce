import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ServerTls } from "../plan/crypto/server-tls-plan.ts";
import type { ListenerPlan } from "../plan/service-plan.ts";
import { compressing } from "./compression.ts";
import { Connection } from "./connection.ts";
import { lookAhead } from "./first-bytes.ts";
import type { Front, FrontTimes, Guest, Handler, Note } from "./front.ts";
import { plainAddress } from "./front-request.ts";
import { swiftSocket } from "./swift-socket.ts";

/** A front side handler that is listening. */
export interface Listener {
  readonly plan: ListenerPlan;
  readonly port: number;
  /** Connections of clients since it was opened. */
  readonly connections: { readonly open: number; readonly accepted: number };
  /**
   * Takes up another plan, which counts from the next request on, also on connections that are
   * open. False when only a new listener can serve it.
   */
  update(plan: ListenerPlan, times: FrontTimes, handler: Handler): boolean;
  /** Stops accepting, ends idle connections, lets requests in flight finish until `deadline` ms. */
  close(deadline: number): Promise<void>;
}

/** How often connections are looked at for times that have run out, in milliseconds. */
const tick = 500;

/** A connection that was quiet for so long has no request on the way, in milliseconds. */
const quietTime = 250;
/** How often that is looked at while closing, in milliseconds. */
const sweepPause = 25;

/** How long a client may take for its TLS handshake, in milliseconds. */
const handshakeMilliseconds = 10_000;

/**
 * Starts listening; rejects with the system's error when the address cannot be had. `note` hears
 * why clients and requests were turned away before any rule.
 */
export async function openListener(
  plan: ListenerPlan,
  port: number,
  times: FrontTimes,
  handler: Handler,
  note: Note = () => {},
): Promise<Listener> {
  const front: Front = { plan, times, handler: handlerFor(plan, handler), note, closing: false };
  const guests = new Set<Guest>();
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
    admitted(front, await welcomeTo(front, guests, note), note),
  );
  let accepted = 0;
  server.on("connection", () => accepted++);
  await listen(server, plan.address, port);
  const clock = setInterval(() => {
    const now = Date.now();
    for (const guest of guests) guest.check(now);
  }, tick);
  clock.unref();
  const address = server.address();
  return {
    get plan() {
      return front.plan;
    },
    get connections() {
      return { open: guests.size, accepted };
    },
    update(next, nextTimes, nextHandler) {
      if ((next.tls === undefined) !== (front.plan.tls === undefined)) return false;
      if (speaksHttp2(next) !== speaksHttp2(front.plan)) return false;
      const handler = handlerFor(next, nextHandler);
      Object.assign(front, { plan: next, times: nextTimes, handler });
      return true;
    },
    port: typeof address === "object" && address !== null ? address.port : port,
    close(deadline) {
      front.closing = true;
      return closeServer(server, guests, deadline).finally(() => clearInterval(clock));
    },
  };
}

function handlerFor({ compression }: ListenerPlan, handler: Handler): Handler {
  return compression ? compressing(handler) : handler;
}

/** Turns away whom the handler's access list does not let in, before a byte is read. */
function admitted(
  front: Front,
  welcome: (socket: Socket) => void,
  note: Note,
): (socket: Socket) => void {
  return (socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (front.plan.admits?.(address) ?? true) {
      welcome(socket);
      return;
    }
    note(`client ${address} is not in the access list`);
    socket.destroy();
  };
}

/** What is done with a new connection; TLS and HTTP/2 are loaded only where they are spoken. */
async function welcomeTo(
  front: Front,
  guests: Set<Guest>,
  note: Note,
): Promise<(socket: Socket) => void> {
  const stay = (guest: Guest, socket: Socket): void => {
    guests.add(guest);
    socket.once("close", () => guests.delete(guest));
  };
  const asHttp1 = (socket: Socket): void => {
    const connection = new Connection(socket, front, Date.now());
    socket.on("data", (bytes: Buffer) => connection.take(bytes));
    stay(connection, socket);
  };
  if (!speaksHttp2(front.plan)) {
    if (front.plan.tls === undefined) return (socket) => swiftly(socket, front, stay, asHttp1);
    return secured(front, stay, guests, asHttp1, [], note);
  }
  const { Http2Connection, beginsAsHttp2 } = await import("./http2-connection.ts");
  const asHttp2 = (socket: Socket): void => {
    stay(new Http2Connection(socket, front, Date.now()), socket);
  };
  if (front.plan.tls !== undefined) {
    const byProtocol = (socket: TLSSocket): void => {
      if (socket.alpnProtocol === "h2") asHttp2(socket);
      else asHttp1(socket);
    };
    return secured(front, stay, guests, byProtocol, ["h2", "http/1.1"], note);
  }
  return (socket) => {
    socket.resume();
    const silent = silentGuest(socket, () => front.times.betweenMessages);
    stay(silent, socket);
    socket.on("error", () => {});
    lookAhead(socket, (bytes) => {
      const begins = beginsAsHttp2(bytes);
      if (begins === undefined) return undefined;
      return () => {
        guests.delete(silent);
        if (begins) {
          asHttp2(socket);
        } else {
          asHttp1(socket);
          socket.resume();
        }
      };
    });
  };
}

/** HTTP/1.1 without anything before it, the way that most connections go. */
function swiftly(
  accepted: Socket,
  front: Front,
  stay: (guest: Guest, socket: Socket) => void,
  otherwise: (socket: Socket) => void,
): void {
  let connection: Connection | undefined;
  const socket = swiftSocket(accepted, (bytes) => connection?.take(bytes));
  if (socket === undefined) {
    otherwise(accepted);
    accepted.resume();
    return;
  }
  connection = new Connection(socket, front, Date.now());
  stay(connection, socket);
}

function speaksHttp2({ features }: ListenerPlan): boolean {
  return features.has("HTTP-2.0");
}

/** Takes connections through their handshake first. */
async function secured(
  front: Front,
  stay: (guest: Guest, socket: Socket) => void,
  guests: Set<Guest>,
  take: (socket: TLSSocket) => void,
  protocols: readonly string[],
  note: Note,
): Promise<(socket: Socket) => void> {
  const { SecureFront } = await import("./secure-front.ts");
  const tls = (): ServerTls => front.plan.tls!;
  const secure = new SecureFront({ tls, protocols: () => protocols, take, note });
  return (socket) => {
    socket.resume();
    const shaking = silentGuest(socket, () => handshakeMilliseconds);
    stay(shaking, socket);
    secure.accept(socket, () => guests.delete(shaking));
  };
}

/** A connection that has not said anything that counts. */
function silentGuest(socket: Socket, most: () => number): Guest {
  const since = Date.now();
  return {
    idle: true,
    check: (now) => void (now - since > most() && socket.destroy()),
    destroy: () => socket.destroy(),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 511 }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

/**
 * A client that asks again and again has its next request on the way: it gets an answer, which ends
 * the connection. Only who has been quiet for a while is idle.
 */
function closeServer(server: Server, guests: ReadonlySet<Guest>, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const guest of guests) guest.destroy();
    }, deadline);
    const endIdle = (): void => {
      const now = Date.now();
      for (const guest of guests) {
        if (guest.idle && now - (guest.heardAt ?? 0) >= quietTime) guest.destroy();
      }
    };
    const sweep = setInterval(endIdle, sweepPause);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(sweep);
      resolve();
    });
    endIdle();
    for (const guest of guests) if (!guest.idle) guest.drain?.();
  });
}
