import type { Readable } from "node:stream";
import type { Balancers } from "../backside/balancers.ts";
import type { Network } from "../backside/open-socket.ts";
import { pseudonym } from "../backside/pseudonym.ts";
import type { UrlClient } from "../backside/url-client.ts";
import type { Headers } from "../http/headers.ts";
import { arrivingHeaders } from "../message/arriving-headers.ts";
import { thrownIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { Backend } from "./backend.ts";
import type { Delivered } from "./delivery.ts";

/** What of the groups of a process its services use. */
export type Groups = Pick<Balancers, "find" | "watch" | "close">;

const noGroups: Groups = { find: () => undefined, watch: () => {}, close: () => {} };

type Opened = UrlClient["open"];

/** The groups of these services; nothing of them is loaded where no service has any. */
export async function openGroups(
  plans: readonly ServicePlan[],
  ...given: ConstructorParameters<typeof Balancers>
): Promise<Groups> {
  if (plans.every(({ backside }) => backside.groups.size === 0)) return noGroups;
  const room = await import("../backside/balancers.ts");
  return new room.Balancers(...given);
}

/**
 * The way of one service to its backends and to what its scripts and actions open. The client is
 * loaded before the first message where the service has a static backend or groups, and else when
 * a message is first sent: many services answer everything themselves.
 */
export class LateBackside {
  readonly #plan: ServicePlan;
  readonly #network: Network;
  readonly #groups: Groups;
  #backend: Backend | undefined;
  #urls: UrlClient | undefined;
  #loading: Promise<void> | undefined;
  #closed = false;
  /** The Via entry that this gateway adds (RFC 9110, 7.6.3). */
  readonly via: string;
  /** The headers with which a request goes into the service. */
  readonly arriving = (transaction: Transaction): Headers =>
    arrivingHeaders(this.#plan, this.via, transaction);

  constructor(plan: ServicePlan, network: Network, groups: Groups) {
    this.#plan = plan;
    this.#network = network;
    this.#groups = groups;
    this.via = `1.1 ${pseudonym(plan)}`;
  }

  /** Loads the client where messages are sure to need it. */
  async prepare(): Promise<void> {
    const { backend, backside } = this.#plan;
    if (backend.type === "static" || backside.groups.size > 0) await this.#load();
  }

  /** As {@link Backend.send}. */
  send(transaction: Transaction, body: Uint8Array | Readable, done: Delivered): void {
    if (this.#backend !== undefined) {
      this.#backend.send(transaction, body, done);
      return;
    }
    this.#load().then(
      () => this.#backend!.send(transaction, body, done),
      (error: unknown) => done(thrownIn(transaction, error)),
    );
  }

  /** As {@link Backend.upgrade}. */
  async upgrade(transaction: Transaction): ReturnType<Backend["upgrade"]> {
    await this.#load();
    return this.#backend!.upgrade(transaction);
  }

  /** As {@link UrlClient.open}. */
  async open(request: Parameters<Opened>[0]): ReturnType<Opened> {
    await this.#load();
    return this.#urls!.open(request);
  }

  close(): void {
    this.#closed = true;
    this.#backend?.close();
    this.#urls?.close();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#open();
    return this.#loading;
  }

  async #open(): Promise<void> {
    const rooms = [import("./backend.ts"), import("../backside/url-client.ts")] as const;
    const [{ Backend }, { UrlClient }] = await Promise.all(rooms);
    this.#backend = new Backend(this.#plan, this.#network, this.#groups, this.via);
    this.#urls = new UrlClient(this.#plan, this.#network, this.#groups);
    // a message that was still waiting ends as those that were in flight
    if (this.#closed) this.close();
  }
}
