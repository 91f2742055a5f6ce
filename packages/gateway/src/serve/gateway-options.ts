import type { OutboundRoute } from "../backside/outbound.ts";
import type { Configuration } from "../config/model.ts";
import type { Log } from "../log.ts";
import type { ListenerPlan } from "../plan/service-plan.ts";
import type { HealthPages } from "./health.ts";
import type { AccessWriter, ObservedMessage } from "./service-world.ts";

/** What to serve, and how. */
export interface GatewayOptions {
  /** The directory that holds config/, local/ and temporary/. */
  readonly root: string;
  /** What to serve instead of the files below `root`. */
  readonly configuration?: Configuration;
  readonly log: Log;
  /** Closes the gateway, as `close` does. */
  readonly signal?: AbortSignal;
  /** Port of the health page; 0 for a free one, undefined for no page. */
  readonly healthPort?: number;
  /** What the health page answers besides the health. */
  readonly pages?: HealthPages;
  /** Listens somewhere else than configured; 0 for a free port. */
  readonly portFor?: (listener: ListenerPlan) => number;
  /** Longest time that a script may compute without a pause, in milliseconds. Default 2000. */
  readonly scriptLimit?: number;
  /** How long requests in flight may take to finish when closing, in milliseconds. Default 10000. */
  readonly drainDeadline?: number;
  /** Writes a line for every message whose answer stands. */
  readonly access?: AccessWriter;
  /** Sends connections to backends somewhere else: for tests. */
  readonly route?: OutboundRoute;
  /** Hears of every message when its answer stands, before it is sent: for tests. */
  readonly observe?: (message: ObservedMessage) => void;
}

/** One port that is served. */
export interface ServedPort {
  readonly domain: string;
  readonly service: string;
  readonly handler: string;
  readonly address: string;
  readonly port: number;
  /** TLS is spoken here. */
  readonly secure: boolean;
}
