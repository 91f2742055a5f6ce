import { kindNamed } from "../catalogue.ts";
import type { Configuration } from "../config/model.ts";
import type { Listener } from "../front/listener.ts";
import type { Log } from "../log.ts";
import { obstacleText, type PlannedService, type ServicePlan } from "../plan/service-plan.ts";
import type { Health } from "./health.ts";

/** What one service is, and why. */
export type ServiceStatus = Health["services"][number];

/** The status of a service that is not served, and its lines in the log. */
export function restingStatus(
  service: Exclude<PlannedService, { state: "ready" }>,
  log: Log,
): ServiceStatus {
  const { domain, name, kind } = service;
  const object = { kind: kindNamed(kind)?.alias ?? kind, name };
  if (service.state === "disabled") {
    const text = "Disabled";
    log({ domain, code: "0034000d", category: "mgmt", priority: "notice", object, text });
    return { domain, name, kind, state: "disabled", reasons: [] };
  }
  const reasons = service.obstacles.map(obstacleText);
  logTransition(domain, object, reasons, log);
  return { domain, name, kind, state: "down", reasons };
}

/**
 * The status of a service after its start: down when there are reasons, else up, on the ports that
 * it really has, which may be others than those of its plan.
 */
export function startedStatus(
  plan: ServicePlan,
  listening: readonly Pick<Listener, "plan" | "port">[],
  reasons: readonly string[],
  log: Log,
): ServiceStatus {
  const { domain, name, kind, alias } = plan;
  for (const listener of reasons.length > 0 ? [] : listening) {
    const text = `Service installed on port ${listener.port}`;
    const handler = { kind: listener.plan.alias, name: listener.plan.name };
    log({ domain, code: "00350016", category: "mgmt", priority: "notice", object: handler, text });
  }
  logTransition(domain, { kind: alias, name }, reasons, log);
  const state = reasons.length === 0 ? "up" : "down";
  return { domain, name, kind, state, reasons };
}

/** Ready while running, every domain is whole, and every enabled service is up. */
export function healthOf(
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

function logTransition(
  domain: string,
  object: { readonly kind: string; readonly name: string },
  reasons: readonly string[],
  log: Log,
): void {
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
}
