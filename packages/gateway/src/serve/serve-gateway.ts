import { Fault } from "@lithify/fault";
import { loadConfiguration } from "../config/load.ts";
import type { Configuration } from "../config/model.ts";
import type { Log } from "../log.ts";
import { everyAction } from "../plan/every-action.ts";
import { planServices } from "../plan/plan-services.ts";
import {
  type ListenerPlan,
  obstacleText,
  type PlannedService,
  type ServicePlan,
} from "../plan/service-plan.ts";
import { ScriptRunner } from "../script/script-runner.ts";
import { ScriptStore } from "../script/script-store.ts";
import { Backend } from "./backend.ts";
import { type Health, type HealthPage, openHealthPage } from "./health.ts";
import { type Listener, openListener } from "./listener.ts";
import { closeRoute } from "./open-url.ts";
import type { OutboundRoute } from "./outbound.ts";
import { type ObservedMessage, processMessage, type ServiceWorld } from "./process-message.ts";
import { logConfiguration } from "./startup-log.ts";

export interface GatewayOptions {
  /** The directory that holds config/, local/ and temporary/. */
  readonly root: string;
  readonly log: Log;
  /** Closes the gateway, as `close` does. */
  readonly signal?: AbortSignal;
  /** Port of the health page; 0 for a free one, undefined for no page. */
  readonly healthPort?: number;
  /** Listens somewhere else than configured; 0 for a free port. */
  readonly portFor?: (listener: ListenerPlan) => number;
  /** Longest time that a script may compute without a pause, in milliseconds. Default 2000. */
  readonly scriptLimit?: number;
  /** How long requests in flight may take to finish when closing, in milliseconds. Default 10000. */
  readonly drainDeadline?: number;
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
}

/** A gateway that runs. */
export interface Gateway {
  readonly ports: readonly ServedPort[];
  readonly healthPort: number | undefined;
  health(): Health;
  /** Stops accepting, finishes what is in flight, and ends; can be called again. */
  close(): Promise<void>;
}

interface ServiceStatus {
  readonly domain: string;
  readonly name: string;
  readonly kind: string;
  readonly state: "up" | "down" | "disabled";
  readonly reasons: readonly string[];
}

/**
 * Loads the configuration below `root` and serves what can be served faithfully; what cannot stays
 * down, with its reasons in the log and in the health. Throws CONFIG_MISSING when there is no
 * configuration and PORT_UNAVAILABLE when the health port is taken.
 */
export async function serveGateway(options: GatewayOptions): Promise<Gateway> {
  const { root, log } = options;
  const configuration = loadConfiguration(root);
  const planned = planServices(configuration);
  const statuses: ServiceStatus[] = [];
  let closing: Promise<void> | undefined;
  let started = false;
  const health = (): Health => healthOf(statuses, configuration, started && closing === undefined);
  const page = await openPage(options, health);
  logConfiguration(configuration, log);
  const runner = new ScriptRunner(options.scriptLimit ?? 2000);
  const scripts = new ScriptStore(root, (source, name) => runner.compile(source, name));
  const listeners: Listener[] = [];
  const backends: Backend[] = [];
  const ports: ServedPort[] = [];
  for (const service of planned) {
    if (service.state !== "ready") {
      statuses.push(restingStatus(service, log));
      continue;
    }
    const { route, observe } = options;
    const backend = new Backend(service.plan, route);
    const { plan } = service;
    const world: ServiceWorld = { root, runner, scripts, log, plan, backend, route, observe };
    warmScripts(service.plan, scripts, log);
    const opened = await openService(world, options);
    if (opened.reasons.length > 0) backend.close();
    else {
      backends.push(backend);
      listeners.push(...opened.listeners);
      ports.push(...opened.listeners.map((listener) => servedPort(service.plan, listener)));
    }
    statuses.push(startedStatus(service.plan, opened.reasons, log));
  }
  started = true;
  reportNothingServed(ports, log);
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await Promise.all(listeners.map((each) => each.close(options.drainDeadline ?? 10_000)));
      for (const backend of backends) backend.close();
      if (options.route !== undefined) closeRoute(options.route);
      runner.close();
      await page?.close();
    })();
    return closing;
  };
  if (options.signal?.aborted === true) await close();
  else options.signal?.addEventListener("abort", () => void close(), { once: true });
  return { ports, healthPort: page?.port, health, close };
}

async function openService(
  world: ServiceWorld,
  options: GatewayOptions,
): Promise<{ listeners: Listener[]; reasons: string[] }> {
  const { plan } = world;
  const listeners: Listener[] = [];
  const times = { idleInMessage: plan.frontTimeout, betweenMessages: plan.frontPersistentTimeout };
  for (const listener of plan.listeners) {
    const port = options.portFor?.(listener) ?? listener.port;
    try {
      listeners.push(
        await openListener(listener, port, times, (request, body) =>
          processMessage(world, request, body),
        ),
      );
    } catch (error) {
      await Promise.all(listeners.map((opened) => opened.close(0)));
      const { file, line } = listener.origin;
      const why = `cannot listen on ${listener.address}:${port}: ${(error as Error).message}`;
      return {
        listeners: [],
        reasons: [`source-http "${listener.name}" (${file}:${line}): ${why}`],
      };
    }
  }
  return { listeners, reasons: [] };
}

/** Compiles the scripts before the first request; what fails here fails again, as a fault, there. */
function warmScripts(plan: ServicePlan, scripts: ScriptStore, log: Log): void {
  for (const action of everyAction(plan.rules.values())) {
    if (action.type !== "gatewayscript") continue;
    try {
      scripts.load(action.file, action.location);
    } catch (error) {
      log({
        domain: plan.domain,
        code: "8580005b",
        category: "gatewayscript",
        priority: "error",
        object: { kind: "action", name: action.name },
        text: `${action.origin.file}:${action.origin.line}: script ${action.location}: ${(error as Error).message}`,
      });
    }
  }
}

function restingStatus(
  service: Exclude<PlannedService, { state: "ready" }>,
  log: Log,
): ServiceStatus {
  const { domain, name, kind } = service;
  const object = { kind: kind === "MultiProtocolGateway" ? "mpgw" : kind, name };
  if (service.state === "disabled") {
    log({
      domain,
      code: "0034000d",
      category: "mgmt",
      priority: "notice",
      object,
      text: "Disabled",
    });
    return { domain, name, kind, state: "disabled", reasons: [] };
  }
  const reasons = service.obstacles.map(obstacleText);
  for (const reason of reasons) {
    const text = `Transition to up failed: ${reason}`;
    log({ domain, code: "00330019", category: "mgmt", priority: "error", object, text });
  }
  log({
    domain,
    code: "00350015",
    category: "mgmt",
    priority: "error",
    object,
    text: "Operational state down",
  });
  return { domain, name, kind, state: "down", reasons };
}

function startedStatus(plan: ServicePlan, reasons: readonly string[], log: Log): ServiceStatus {
  const { domain, name } = plan;
  const object = { kind: "mpgw", name };
  for (const listener of reasons.length > 0 ? [] : plan.listeners) {
    const text = `Service installed on port ${listener.port}`;
    const handler = { kind: "source-http", name: listener.name };
    log({ domain, code: "00350016", category: "mgmt", priority: "notice", object: handler, text });
  }
  for (const reason of reasons) {
    const text = `Transition to up failed: ${reason}`;
    log({ domain, code: "00330019", category: "mgmt", priority: "error", object, text });
  }
  const up = reasons.length === 0;
  log({
    domain,
    code: up ? "00350014" : "00350015",
    category: "mgmt",
    priority: up ? "notice" : "error",
    object,
    text: `Operational state ${up ? "up" : "down"}`,
  });
  return { domain, name, kind: "MultiProtocolGateway", state: up ? "up" : "down", reasons };
}

function healthOf(
  services: readonly ServiceStatus[],
  configuration: Configuration,
  running: boolean,
): Health {
  const enabled = services.filter(({ state }) => state !== "disabled");
  const broken = [...configuration.domains.values()].some((domain) => !domain.whole);
  const ready =
    running && !broken && enabled.length > 0 && enabled.every(({ state }) => state === "up");
  return { ready, services };
}

function reportNothingServed(ports: readonly ServedPort[], log: Log): void {
  if (ports.length > 0) return;
  const text = "Nothing is served: no enabled service is up";
  log({ code: "0034000d", category: "mgmt", priority: "critic", text });
}

function servedPort(plan: ServicePlan, listener: Listener): ServedPort {
  return {
    domain: plan.domain,
    service: plan.name,
    handler: listener.plan.name,
    address: listener.plan.address,
    port: listener.port,
  };
}

async function openPage(
  options: GatewayOptions,
  health: () => Health,
): Promise<HealthPage | undefined> {
  const { healthPort } = options;
  if (healthPort === undefined) return undefined;
  try {
    return await openHealthPage(healthPort, health);
  } catch (cause) {
    throw new Fault("PORT_UNAVAILABLE", `cannot serve the health page on port ${healthPort}`, {
      why: (cause as Error).message,
      values: { port: healthPort },
      cause,
    });
  }
}
