import { createServer, type Server } from "node:net";
import type { ListenerPlan } from "../plan/service-plan.ts";
import { Connection, type Front, type FrontTimes, type Handler } from "./connection.ts";

/** A front side handler that is listening. */
export interface Listener {
  readonly plan: ListenerPlan;
  readonly port: number;
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

/** Starts listening; rejects with the system's error when the address cannot be had. */
export async function openListener(
  plan: ListenerPlan,
  port: number,
  times: FrontTimes,
  handler: Handler,
): Promise<Listener> {
  const front: Front = { plan, times, handler, closing: false };
  const connections = new Set<Connection>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new Connection(socket, front, Date.now());
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
  });
  await listen(server, plan.address, port);
  const clock = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) connection.check(now);
  }, tick);
  clock.unref();
  const address = server.address();
  return {
    get plan() {
      return front.plan;
    },
    update(next, nextTimes, nextHandler) {
      Object.assign(front, { plan: next, times: nextTimes, handler: nextHandler });
      return true;
    },
    port: typeof address === "object" && address !== null ? address.port : port,
    close(deadline) {
      front.closing = true;
      return closeServer(server, connections, deadline).finally(() => clearInterval(clock));
    },
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

function closeServer(
  server: Server,
  connections: ReadonlySet<Connection>,
  deadline: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const connection of connections) connection.destroy();
    }, deadline);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    for (const connection of connections) if (connection.idle) connection.destroy();
  });
}
