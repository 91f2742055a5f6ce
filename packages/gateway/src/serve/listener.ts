import { createServer, type Server, type Socket } from "node:net";
import type { ListenerPlan } from "../plan/service-plan.ts";
import { Connection, type Front, type FrontTimes, type Handler } from "./connection.ts";

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

/** How long a client may take for its TLS handshake, in milliseconds. */
const handshakeMilliseconds = 10_000;

/** A connection, or what is on the way to become one. */
interface Guest {
  readonly idle: boolean;
  /** Ends what has been silent for too long; called from time to time with the clock's value. */
  check(now: number): void;
  destroy(): void;
}

/**
 * Starts listening; rejects with the system's error when the address cannot be had. `note` hears
 * why clients were turned away before their first request.
 */
export async function openListener(
  plan: ListenerPlan,
  port: number,
  times: FrontTimes,
  handler: Handler,
  note: (text: string) => void = () => {},
): Promise<Listener> {
  const front: Front = { plan, times, handler, closing: false };
  const guests = new Set<Guest>();
  const welcome = (socket: Socket): void => {
    const connection = new Connection(socket, front, Date.now());
    guests.add(connection);
    socket.once("close", () => guests.delete(connection));
  };
  const server = createServer(
    { allowHalfOpen: true, noDelay: true },
    plan.tls === undefined ? welcome : await secured(front, guests, welcome, note),
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
      Object.assign(front, { plan: next, times: nextTimes, handler: nextHandler });
      return true;
    },
    port: typeof address === "object" && address !== null ? address.port : port,
    close(deadline) {
      front.closing = true;
      return closeServer(server, guests, deadline).finally(() => clearInterval(clock));
    },
  };
}

/** Takes connections through their handshake first; TLS is loaded only where it is spoken. */
async function secured(
  front: Front,
  guests: Set<Guest>,
  welcome: (socket: Socket) => void,
  note: (text: string) => void,
): Promise<(socket: Socket) => void> {
  const { SecureFront } = await import("./secure-front.ts");
  const secure = new SecureFront({
    tls: () => front.plan.tls!,
    protocols: () => [],
    take: welcome,
    note,
  });
  return (socket) => {
    const since = Date.now();
    const guest: Guest = {
      idle: true,
      check: (now) => void (now - since > handshakeMilliseconds && socket.destroy()),
      destroy: () => socket.destroy(),
    };
    guests.add(guest);
    socket.once("close", () => guests.delete(guest));
    secure.accept(socket, () => guests.delete(guest));
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

function closeServer(server: Server, guests: ReadonlySet<Guest>, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const guest of guests) guest.destroy();
    }, deadline);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    for (const guest of guests) if (guest.idle) guest.destroy();
  });
}
