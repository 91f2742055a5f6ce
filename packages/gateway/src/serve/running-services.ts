import type { Network } from "../backside/open-socket.ts";
import type { Configuration } from "../config/model.ts";
import type { Note } from "../front/front.ts";
import { refusalCounts } from "../front/front-refusals.ts";
import { type Listener, openListener } from "../front/listener.ts";
import type { Log } from "../log.ts";
import type { GroupPlan } from "../plan/backside/group-plan.ts";
import { planServices } from "../plan/plan-services.ts";
import type { ListenerPlan, ServicePlan } from "../plan/service-plan.ts";
import { prepareService } from "../rules/prepare-service.ts";
import { SchemaStore } from "../rules/schema-store.ts";
import { ScriptRunner } from "../script/script-runner.ts";
import { ScriptStore } from "../script/script-store.ts";
import type { GatewayOptions, ServedPort } from "./gateway-options.ts";
import { type Groups, LateBackside, openGroups } from "./late-backside.ts";
import { type GatewayCounts, ServiceMeter } from "./meter.ts";
import { processMessage } from "./process-message.ts";
import { restingStatus, type ServiceStatus, startedStatus } from "./service-status.ts";
import type { ServiceWorld } from "./service-world.ts";
import { warmScripts } from "./warm-scripts.ts";

/**
 * The services of one process. `apply` takes up a configuration: ports that stay keep their
 * sockets and connections, so that no request is lost; what is in flight ends as it began.
 */
export class RunningServices {
  readonly #options: GatewayOptions;
  readonly #log: Log;
  readonly #runner: ScriptRunner;
  readonly #meters = new Map<string, ServiceMeter>();
  readonly #open = new Map<string, Listener>();
  #worlds: ServiceWorld[] = [];
  #groups: Groups | undefined;
  #retired: ServiceWorld[] = [];
  /** Connections of ports that are closed. */
  #acceptedBefore = 0;
  readonly #closings: Promise<void>[] = [];
  statuses: readonly ServiceStatus[] = [];
  ports: readonly ServedPort[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#runner = new ScriptRunner(options.scriptLimit ?? 2000);
  }

  /** Serves this configuration instead of the present one. */
  async apply(configuration: Configuration): Promise<void> {
    const { root } = this.#options;
    const planned = planServices(configuration);
    const network = this.#network();
    const plans = planned.flatMap((service) => (service.state === "ready" ? service.plan : []));
    const groups = await openGroups(plans, network, (...news) => this.#noteMember(...news));
    const scripts = new ScriptStore(root, (source, name) => this.#runner.compile(source, name));
    const schemas = new SchemaStore(root);
    const wanted = new Set<string>();
    const statuses: ServiceStatus[] = [];
    const ports: ServedPort[] = [];
    const worlds: ServiceWorld[] = [];
    for (const { listeners } of plans) {
      for (const listener of listeners) wanted.add(this.#addressOf(listener));
    }
    this.#closeOthers(wanted);
    const claimed = new Set<string>();
    for (const service of planned) {
      if (service.state !== "ready") {
        statuses.push(restingStatus(service, this.#log));
        continue;
      }
      const { plan } = service;
      const world = this.#worldOf(plan, { scripts, schemas }, network, groups);
      warmScripts(plan, scripts, this.#runner, this.#log);
      const reasons = await prepareService(plan, schemas);
      await world.backend.prepare();
      const opened =
        reasons.length > 0 ? { listeners: [], reasons } : await this.#openService(world, claimed);
      if (opened.reasons.length > 0) closeWorld(world);
      else {
        groups.watch(plan);
        worlds.push(world);
      }
      ports.push(...opened.listeners.map((listener) => servedPort(plan, listener)));
      statuses.push(startedStatus(plan, opened.listeners, opened.reasons, this.#log));
    }
    this.#groups?.close();
    this.#groups = groups;
    this.#retire(this.#worlds);
    this.#worlds = worlds;
    this.statuses = statuses;
    this.ports = ports;
  }

  /** What was counted since the start. */
  counts(): GatewayCounts {
    return {
      services: [...this.#meters.values()].map((meter) => meter.counts()),
      scriptStops: this.#runner.stops,
      refused: refusalCounts(),
      connections: this.#connections(),
    };
  }

  /** Stops accepting, finishes what is in flight, and ends. */
  async close(): Promise<void> {
    this.#closeOthers(new Set());
    await Promise.all(this.#closings);
    this.#groups?.close();
    for (const world of [...this.#worlds, ...this.#retired]) closeWorld(world);
    this.#runner.close();
  }

  #connections(): GatewayCounts["connections"] {
    let { open, accepted } = { open: 0, accepted: this.#acceptedBefore };
    for (const { connections } of this.#open.values()) {
      open += connections.open;
      accepted += connections.accepted;
    }
    return { open, accepted };
  }

  #worldOf(
    plan: ServicePlan,
    stores: Pick<ServiceWorld, "scripts" | "schemas">,
    network: Network,
    groups: Groups,
  ): ServiceWorld {
    const { root, observe, access } = this.#options;
    const key = `${plan.domain}/${plan.name}`;
    const meter = this.#meters.get(key) ?? new ServiceMeter(plan.domain, plan.name);
    this.#meters.set(key, meter);
    const backend = new LateBackside(plan, network, groups);
    const [runner, log] = [this.#runner, this.#log];
    return { root, runner, ...stores, log, plan, backend, urls: backend, observe, access, meter };
  }

  #network(): Network {
    const { route } = this.#options;
    const warn = (text: string): void =>
      this.#log({ code: "8120002f", category: "ssl", priority: "warn", text });
    return { route, warn };
  }

  #noteMember({ domain, name }: GroupPlan, text: string): void {
    const object = { kind: "loadbalancer-group", name };
    this.#log({ domain, code: "80400032", category: "system", priority: "warn", object, text });
  }

  async #openService(
    world: ServiceWorld,
    claimed: Set<string>,
  ): Promise<{ listeners: readonly Listener[]; reasons: string[] }> {
    const { plan } = world;
    const listeners: Listener[] = [];
    const times = {
      idleInMessage: plan.frontTimeout,
      betweenMessages: plan.frontPersistentTimeout,
    };
    for (const listener of plan.listeners) {
      const address = this.#addressOf(listener);
      const handler: Parameters<typeof openListener>[3] = (request, body, respond) =>
        processMessage(world, request, body, respond);
      // a second service on one address must fail as the system says, not take the first one's
      const open = claimed.has(address) ? undefined : this.#open.get(address);
      try {
        if (open?.update(listener, times, handler) === true) {
          listeners.push(open);
        } else {
          await open?.close(this.#drainDeadline);
          const port = this.#portOf(listener);
          const note: Note = (text, of) => this.#note(listener, text, of);
          listeners.push(await openListener(listener, port, times, handler, note));
        }
        claimed.add(address);
        this.#open.set(address, listeners.at(-1)!);
      } catch (error) {
        for (const opened of listeners) {
          this.#open.delete(this.#addressOf(opened.plan));
          await opened.close(0);
        }
        const { file, line } = listener.origin;
        const where = `${listener.address}:${this.#portOf(listener)}`;
        const why = `cannot listen on ${where}: ${(error as Error).message}`;
        return {
          listeners: [],
          reasons: [`${listener.alias} "${listener.name}" (${file}:${line}): ${why}`],
        };
      }
    }
    return { listeners, reasons: [] };
  }

  /** What a port has to say of its clients. */
  #note({ domain, alias, name }: ListenerPlan, text: string, of: Parameters<Note>[1]): void {
    const object = { kind: alias, name };
    if (of === "request") {
      this.#log({ domain, code: "80e0012c", category: alias, priority: "warn", object, text });
    } else {
      this.#log({ domain, code: "80e0012b", category: "ssl", priority: "error", object, text });
    }
  }

  /** Begins to close every port that is not among these: none of them accepts any more. */
  #closeOthers(wanted: ReadonlySet<string>): void {
    for (const [address, listener] of this.#open) {
      if (wanted.has(address)) continue;
      this.#open.delete(address);
      this.#acceptedBefore += listener.connections.accepted;
      this.#closings.push(listener.close(this.#drainDeadline));
    }
  }

  /** Backends of services as they were: messages in flight may still need them. */
  #retire(worlds: readonly ServiceWorld[]): void {
    this.#retired.push(...worlds);
    const timer = setTimeout(() => {
      for (const world of worlds) closeWorld(world);
      this.#retired = this.#retired.filter((world) => !worlds.includes(world));
    }, this.#drainDeadline + 1000);
    timer.unref();
  }

  get #drainDeadline(): number {
    return this.#options.drainDeadline ?? 10_000;
  }

  #portOf(listener: ListenerPlan): number {
    return this.#options.portFor?.(listener) ?? listener.port;
  }

  #addressOf(listener: ListenerPlan): string {
    const port = this.#portOf(listener);
    return port === 0
      ? `${listener.domain}/${listener.name} ${listener.address}:${listener.port}`
      : `${listener.address}:${port}`;
  }
}

/** The schemas are of all services of a configuration: emptied once, they compile again if asked. */
function closeWorld({ backend, schemas }: ServiceWorld): void {
  backend.close();
  schemas[Symbol.dispose]();
}

function servedPort(plan: ServicePlan, listener: Listener): ServedPort {
  return {
    domain: plan.domain,
    service: plan.name,
    handler: listener.plan.name,
    address: listener.plan.address,
    port: listener.port,
    secure: listener.plan.tls !== undefined,
  };
}
