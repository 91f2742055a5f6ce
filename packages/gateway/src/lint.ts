import type { FaultCode } from "@lithify/fault";
import { kindNamed } from "./catalogue.ts";
import type { ConfigObject, Configuration, Origin } from "./config/model.ts";
import { planServices } from "./plan/plan-services.ts";
import type { PlannedService } from "./plan/service-plan.ts";

/**
 * What this gateway does with an object: `served` as part of a service that is ready, `tolerated`
 * when it is read and has no effect here, `unsupported` when it keeps a service down.
 */
export interface LintedObject {
  readonly domain: string;
  readonly object: string;
  readonly kind: string;
  readonly origin: Origin;
  readonly answer: "served" | "tolerated" | "unsupported" | "disabled";
}

/** One finding with its place; an `error` keeps something down. */
export interface LintFinding {
  readonly severity: "error" | "warning" | "note";
  readonly domain: string;
  readonly object?: string;
  readonly origin: Origin;
  readonly message: string;
  /** The fault's code where a file could not be read as configuration. */
  readonly code?: FaultCode;
}

export interface LintReport {
  readonly findings: readonly LintFinding[];
  readonly objects: readonly LintedObject[];
  /** True when every enabled service can be served. */
  readonly servable: boolean;
}

/** Kinds that take part in serving. */
const servedKinds: ReadonlySet<string> = new Set([
  "Domain",
  "MultiProtocolGateway",
  "HTTPSourceProtocolHandler",
  "StylePolicy",
  "StylePolicyRule",
  "StylePolicyAction",
  "Matching",
  "HostAlias",
]);

/** Looks at a configuration without serving it: every finding has a file and a line. */
export function lintConfiguration(configuration: Configuration): LintReport {
  const services = planServices(configuration);
  const blamed = new Set<string>();
  const findings: LintFinding[] = [];
  for (const problem of configuration.problems) {
    const { severity, domain, object, origin, message, fault } = problem;
    findings.push({
      severity,
      domain,
      origin,
      message,
      ...(object === undefined ? {} : { object }),
      ...(fault === undefined ? {} : { code: fault.code }),
    });
  }
  for (const service of services) {
    if (service.state !== "down") continue;
    for (const { domain, object, origin, why } of service.obstacles) {
      blamed.add(`${domain}/${object}`);
      findings.push({ severity: "error", domain, object, origin, message: why });
    }
  }
  const objects: LintedObject[] = [];
  for (const domain of configuration.domains.values()) {
    for (const object of domain.objects.values()) {
      objects.push({
        domain: domain.name,
        object: label(object),
        kind: object.kind,
        origin: object.origin,
        answer: answerFor(object, blamed),
      });
      findings.push(...unknownProperties(object));
    }
  }
  return { findings, objects, servable: isServable(services, configuration) };
}

function answerFor(object: ConfigObject, blamed: ReadonlySet<string>): LintedObject["answer"] {
  if (!object.enabled) return "disabled";
  if (blamed.has(`${object.domain}/${label(object)}`)) return "unsupported";
  return servedKinds.has(object.kind) ? "served" : "tolerated";
}

function unknownProperties(object: ConfigObject): LintFinding[] {
  if (kindNamed(object.kind) === undefined) return [];
  return object.lines
    .filter((line) => !line.known)
    .map((line) => ({
      severity: "warning",
      domain: object.domain,
      object: label(object),
      origin: line.origin,
      message: `property "${line.name}" is not known for ${object.alias}`,
    }));
}

function isServable(services: readonly PlannedService[], configuration: Configuration): boolean {
  const whole = [...configuration.domains.values()].every((domain) => domain.whole);
  const enabled = services.filter(({ state }) => state !== "disabled");
  return whole && enabled.length > 0 && enabled.every(({ state }) => state === "ready");
}

function label(object: ConfigObject): string {
  return `${object.alias} "${object.name}"`;
}
