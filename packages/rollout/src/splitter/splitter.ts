import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Fault } from "@lithify/fault";
import type { SplitPlan } from "../plan/plan.ts";
import type { Backend, MetricSource, Side, TrafficSplitter } from "../seams.ts";
import { type Counter, newCounter } from "./counter.ts";
import { type Ending, forward } from "./forward.ts";
import { newPool, type Pool } from "./pool.ts";
import { tunnel } from "./tunnel.ts";
import { type Route, routeOf } from "./unit.ts";

export interface SplitterConfig {
  readonly split: SplitPlan;
  /** Latency thresholds in milliseconds. */
  readonly thresholds: readonly number[];
}

/** A traffic splitter with its own listener, that counts what it sees. */
export interface Splitter extends TrafficSplitter, MetricSource {
  /** For the next rollout: who is a user, and what is slow. Begins the counts anew. */
  configure(config: SplitterConfig): Promise<void>;
  status(): Promise<SplitterStatus>;
  close(): Promise<void>;
}

export interface SplitterStatus {
  readonly listen: { readonly host: string; readonly port: number };
  readonly weight: number;
  readonly sides: Readonly<Record<Side, SideState>>;
  /** Requests that no instance answered, or whose answer was broken off or cut, since the splitter started. */
  readonly dropped: number;
  readonly retried: number;
  /** Users that were not remembered because the memory is full. */
  readonly forgotten: number;
  /** A request with `Lithify-Probe: TOKEN SIDE` reaches that side uncounted. */
  readonly probeToken: string;
}

export interface SideState {
  readonly backends: readonly Backend[];
  readonly inFlight: number;
  /** Requests that were sent to this side since the splitter started, probes left out. */
  readonly arrived: number;
}

const probeHeader = "lithify-probe";
const maxHeaderBytes = 64 * 1024;

/**
 * Listens and splits; all traffic goes to stable until a weight is set.
 * @throws Fault SPLITTER_LISTEN
 */
export async function openSplitter(
  listen: { readonly host: string; readonly port: number },
  config: SplitterConfig,
): Promise<Splitter> {
  const core = newCore(config);
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    // Uploads may take as long as they need; headers have node's 60 s.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    // Cleartext HTTP/2 is declined by answering over HTTP/1.1 (RFC 9110, 7.8).
    shouldUpgradeCallback: (request) => !/\bh2c\b/i.test(request.headers.upgrade ?? ""),
  });
  server.on("request", (request, response) => core.take(request, response, false));
  server.on("checkContinue", (request, response) => core.take(request, response, true));
  server.on("upgrade", (request, client, head) => core.upgrade(request, client, head));
  await listening(server, listen);
  const { address, port } = server.address() as AddressInfo;
  return {
    setBackends: async (side, backends) => core.pools[side].setBackends(backends),
    setWeight: async (weight) => core.setWeight(weight),
    takeBlock: async () => core.counter.takeBlock(),
    drain: (side, { deadlineMs }) => core.pools[side].drain(deadlineMs),
    configure: async (next) => core.configure(next),
    status: async () => core.status({ host: address, port }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      core.pools.stable.close();
      core.pools.canary.close();
    },
  };
}

interface Core {
  readonly pools: Readonly<Record<Side, Pool>>;
  readonly counter: Counter;
  take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void;
  upgrade(request: IncomingMessage, client: Duplex, head: Buffer): void;
  setWeight(weight: number): void;
  configure(config: SplitterConfig): void;
  status(listen: { readonly host: string; readonly port: number }): SplitterStatus;
}

function newCore(first: SplitterConfig): Core {
  const pools = { stable: newPool("stable"), canary: newPool("canary") };
  const probeToken = randomBytes(16).toString("hex");
  const arrived = { stable: 0, canary: 0 };
  let config = first;
  let counter = counterFor(config);
  let weight = 0;
  let dropped = 0;
  let retried = 0;

  const direct = (request: IncomingMessage): Directed => {
    const probed = probeOf(request, probeToken);
    const route: Route =
      probed === undefined
        ? routeOf(config.split, weight, request)
        : { side: probed, returning: false };
    // A closed side takes nothing new, whatever an override says.
    const turned = !pools[route.side].open && pools[other(route.side)].open;
    const side = turned ? other(route.side) : route.side;
    const settled = turned ? { side, returning: false } : route;
    if (probed === undefined) {
      arrived[side] += 1;
      counter.arrive(settled);
    }
    return { route: settled, probe: probed !== undefined, counter };
  };
  const ended = (directed: Directed, ending: Ending): void => {
    if (directed.probe) return;
    if (ending.answer === "unanswered" || ending.answer === "broken" || ending.answer === "cut") {
      dropped += 1;
    }
    count(directed, ending);
  };
  return {
    pools,
    get counter() {
      return counter;
    },
    take: (request, response, expectsContinue) => {
      const directed = direct(request);
      const { route } = directed;
      forward({
        request,
        response,
        pool: pools[route.side],
        expectsContinue,
        drop: [probeHeader],
        add: (target) => [
          ...(route.setCookie === undefined ? [] : ["Set-Cookie", route.setCookie]),
          ...(directed.probe
            ? ["Lithify-Side", route.side, "Lithify-Backend", `${target.host}:${target.port}`]
            : []),
        ],
        onRetry: () => {
          retried += 1;
        },
        onEnd: (ending) => ended(directed, ending),
      });
    },
    upgrade: (request, client, head) => {
      const directed = direct(request);
      const { setCookie, side } = directed.route;
      tunnel({
        request,
        client,
        head,
        pool: pools[side],
        drop: [probeHeader],
        add: setCookie === undefined ? [] : ["Set-Cookie", setCookie],
        onEnd: (ending) => ended(directed, ending),
      });
    },
    setWeight: (next) => {
      weight = next;
      counter.weightChanged();
    },
    configure: (next) => {
      config = next;
      counter = counterFor(config);
    },
    status: (listen) => ({
      listen,
      weight,
      sides: {
        stable: sideState(pools.stable, arrived.stable),
        canary: sideState(pools.canary, arrived.canary),
      },
      dropped,
      retried,
      forgotten: counter.forgotten,
      probeToken,
    }),
  };
}

interface Directed {
  readonly route: Route;
  readonly probe: boolean;
  /** The counter of the rollout in which the request came. */
  readonly counter: Counter;
}

function counterFor(config: SplitterConfig): Counter {
  return newCounter(config.thresholds, config.split.unit.from !== "request");
}

function count({ route, counter }: Directed, ending: Ending): void {
  // The rollout's own cutting is no evidence for or against the canary.
  if (ending.answer === "cut") return;
  // Given up before the answer: nobody knows how it would have ended.
  if (ending.answer === "abandoned" && ending.milliseconds === undefined) return;
  const failed =
    ending.answer === "answered" ? ending.status >= 500 : ending.answer !== "abandoned";
  counter.end(route, {
    failed,
    ...("milliseconds" in ending && ending.milliseconds !== undefined
      ? { milliseconds: ending.milliseconds }
      : {}),
  });
}

function sideState(pool: Pool, arrived: number): SideState {
  return {
    backends: pool.targets.map(({ host, port }) => ({ host, port })),
    inFlight: pool.inFlight,
    arrived,
  };
}

function probeOf(request: IncomingMessage, token: string): Side | undefined {
  const value = request.headers[probeHeader];
  if (value === `${token} canary`) return "canary";
  return value === `${token} stable` ? "stable" : undefined;
}

function other(side: Side): Side {
  return side === "stable" ? "canary" : "stable";
}

async function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new Fault("SPLITTER_LISTEN", `listen on ${host}:${port}`, {
          why: cause.code === "EADDRINUSE" ? "the port is in use" : cause.message,
          values: { host, port },
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
