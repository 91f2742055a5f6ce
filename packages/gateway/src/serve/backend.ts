import type { Readable } from "node:stream";
import { refused } from "../backside/backend-failure.ts";
import type { Balancers } from "../backside/balancers.ts";
import { HttpClient } from "../backside/http-client.ts";
import { NameResolver } from "../backside/name-resolver.ts";
import type { Network } from "../backside/open-socket.ts";
import { OutgoingHeads } from "../backside/outgoing-head.ts";
import { Routes } from "../backside/routes.ts";
import { standInPlan } from "../backside/stand-in-plan.ts";
import { type Target, targetOfUrl, urlOfTarget, withPath } from "../backside/target.ts";
import {
  openUpgraded,
  type RefusedUpgrade,
  type UpgradedConnection,
} from "../backside/upgraded-connection.ts";
import { Ways } from "../backside/ways.ts";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import { type Failure, thrownIn } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import { announced, type Delivered, Delivery, type DeliveryWorld, timeoutOf } from "./delivery.ts";

/** Most bytes of a request that are kept in memory to find their number. */
const largestCollected = 64 * 1024 * 1024;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Sends messages of one service to its backends, over kept connections unless it says otherwise. */
export class Backend {
  readonly #world: DeliveryWorld;
  readonly #network: Network;
  readonly #base: Target | undefined;

  /** `via` is the Via entry that this gateway adds (RFC 9110, 7.6.3). */
  constructor(
    given: ServicePlan,
    network: Network,
    balancers: Pick<Balancers, "find">,
    via: string,
  ) {
    const plan = standInPlan(given, network);
    this.#base = plan.backend.type === "static" ? targetOfUrl(plan.backend.url) : undefined;
    this.#network = { ...network, names: new NameResolver(plan.backside.names) };
    this.#world = {
      plan,
      balancers,
      routes: new Routes(plan.backside),
      heads: new OutgoingHeads(plan, via),
      client: new HttpClient({
        network: this.#network,
        persistent: plan.backPersistent,
        mostIdle: plan.backPersistentTimeout,
      }),
    };
  }

  close(): void {
    this.#world.client.close();
  }

  /**
   * Sends the transaction's message. A GET or HEAD that fails before any answer is tried once
   * more, in a group on another member. `done` hears of a Failure when there is no backend to send
   * to or it does not answer in time.
   */
  send(transaction: Transaction, body: Uint8Array | Readable, done: Delivered): void {
    const target = this.#target(transaction);
    if (!("authority" in target)) {
      done(target);
      return;
    }
    if (!token.test(transaction.method)) {
      done(refused(`${transaction.method} is no method`));
      return;
    }
    transaction.urlOut = urlOfTarget(target);
    if (this.#isSendable(transaction, body)) {
      new Delivery(this.#world, transaction, target, body, done).begin();
      return;
    }
    collectBody(body as Readable, this.#world.plan.maxMessageBytes || largestCollected).then(
      (bytes) => {
        if (bytes instanceof TooLarge) done(refused(bytes.message));
        else new Delivery(this.#world, transaction, target, bytes, done).begin();
      },
      (error: Error) => done(thrownIn(transaction, error)),
    );
  }

  /**
   * Asks the transaction's backend for the protocol of the request's Upgrade header, over a
   * connection of its own: what WebSocket needs. Gives the connection, or the backend's refusal.
   */
  async upgrade(transaction: Transaction): Promise<UpgradedConnection | RefusedUpgrade | Failure> {
    const target = this.#target(transaction);
    if (!("authority" in target)) return target;
    transaction.urlOut = urlOfTarget(target);
    const protocol = transaction.request.headers.get("upgrade") ?? "websocket";
    const timeout = timeoutOf(this.#world.plan, transaction);
    const ways = new Ways(this.#world, transaction, target, false);
    for (;;) {
      const way = ways.next();
      if ("code" in way) return way;
      const head = this.#world.heads.upgradeHead(transaction, way.hop, protocol);
      try {
        return await openUpgraded(way.hop.destination, this.#network, head, timeout);
      } catch (error) {
        ways.failed(way, error);
      }
    }
  }

  #target(transaction: Transaction): Target | Failure {
    const routed = transaction.service.get("routing-url");
    if (routed !== undefined && routed !== "") {
      const text = String(routed);
      const target = URL.canParse(text) ? targetOfUrl(new URL(text)) : undefined;
      if (target === undefined) return refused(`routing-url ${text} is not an http or https URL`);
      if (this.#world.plan.routedUri === "as routed") return target;
      return withPath(target, transaction.uri) ?? refused(`URI ${transaction.uri}`);
    }
    const base = this.#base;
    if (base === undefined) {
      return refused("the service has a dynamic backend and no rule has chosen one");
    }
    if (!this.#world.plan.propagateUri) return base;
    return withPath(base, transaction.uri) ?? refused(`URI ${transaction.uri}`);
  }

  /** A stream without a known length is collected where the backend is to be told one. */
  #isSendable(transaction: Transaction, body: Uint8Array | Readable): boolean {
    const { backside, chunkedUploads } = this.#world.plan;
    if (body instanceof Uint8Array || announced(transaction) !== undefined) return true;
    // policies of the user agent are known only once the target is
    const plain = backside.agent.chunked.length + backside.agent.versions.length === 0;
    return chunkedUploads && plain && backside.version === "1.1";
  }
}
