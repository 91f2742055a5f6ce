import type { FaultCode } from "@lithify/fault";
import type { ConfigObject, Configuration, Origin } from "./config/model.ts";
import { type Managed, managedObjects } from "./lint/managed.ts";
import { modelRules } from "./lint/model-rules.ts";
import { type LintRule, type RuleSubject, subjectOf } from "./lint/rules.ts";
import { scriptFindings } from "./lint/script-findings.ts";
import { securityRules } from "./lint/security-rules.ts";
import { takenPorts } from "./lint/taken-ports.ts";
import { reachable, usageOf } from "./lint/unused.ts";
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
  /** The rule that found it: a section of docs/gateway-rules.md. */
  readonly rule: string;
  /** The fault's code where a file could not be read as configuration. */
  readonly code?: FaultCode;
}

export interface LintReport {
  readonly findings: readonly LintFinding[];
  readonly objects: readonly LintedObject[];
  /** True when every enabled service can be served. */
  readonly servable: boolean;
}

/** Every rule that looks at one object. */
export const lintRules: readonly LintRule[] = [...modelRules, ...securityRules];

/**
 * Looks at a configuration without serving it: every finding has a rule, a file and a line.
 * Findings come in the order of domains, objects and lines, errors of loading and planning first.
 */
export function lintConfiguration(configuration: Configuration): LintReport {
  const services = planServices(configuration);
  const blamed = new Set<string>();
  const findings: LintFinding[] = loadFindings(configuration);
  for (const service of services) {
    if (service.state !== "down") continue;
    for (const { domain, object, origin, why } of service.obstacles) {
      blamed.add(`${domain}/${object}`);
      const rule = "GW-UNSERVED";
      findings.push({ severity: "error", domain, object, origin, message: why, rule });
    }
  }
  const taken = takenPorts(services);
  for (const found of taken) {
    blamed.add(`${found.domain}/${found.object}`);
    findings.push({ severity: "error", ...found, rule: "GW-PORT" });
  }
  const told = new Set(findings.map(placeText));
  const served = objectsOfServices(configuration, services);
  const managed = managedObjects(configuration);
  for (const [object, message] of managed.unserved) {
    const { domain, origin } = object;
    const found = { domain, object: label(object), origin, message };
    findings.push({ severity: "warning", ...found, rule: "GW-UNSERVED" });
  }
  const objects: LintedObject[] = [];
  const scripts = new Set<string>();
  for (const domain of configuration.domains.values()) {
    const usage = usageOf(configuration, domain);
    for (const object of domain.objects.values()) {
      const { kind, origin } = object;
      const answer = answerFor(object, blamed, served, managed);
      objects.push({ domain: domain.name, object: label(object), kind, origin, answer });
      findings.push(
        ...ruleFindings(subjectOf(configuration, domain, object, usage), told),
        ...scriptFindings(configuration, domain, object, scripts).map(
          (found): LintFinding => ({
            severity: "warning",
            domain: domain.name,
            object: label(object),
            ...found,
          }),
        ),
      );
    }
  }
  return { findings, objects, servable: taken.length === 0 && isServable(services, configuration) };
}

/** What the rules say of one object, without what planning has said of the same line. */
function ruleFindings(subject: RuleSubject, told: ReadonlySet<string>): LintFinding[] {
  const { object } = subject;
  return lintRules
    .filter(({ kinds }) => kinds === undefined || kinds.has(object.kind))
    .flatMap(({ code, severity, check }) => {
      const repeats = code === "GW-REFERENCE" || code === "GW-PROPERTY";
      return check(subject)
        .map(({ origin, message }) => {
          const { domain } = object;
          return { severity, domain, object: label(object), origin, message, rule: code };
        })
        .filter((finding) => !(repeats && told.has(placeText(finding))));
    });
}

function placeText({ origin }: LintFinding): string {
  return `${origin.file}:${origin.line}`;
}

function loadFindings(configuration: Configuration): LintFinding[] {
  return configuration.problems.map(
    ({ severity, domain, object, origin, message, fault }): LintFinding => ({
      severity,
      domain,
      origin,
      message,
      rule: severity === "error" ? "GW-UNREADABLE" : "GW-STATEMENT",
      ...(object === undefined ? {} : { object }),
      ...(fault === undefined ? {} : { code: fault.code }),
    }),
  );
}

/** What the services that are ready are made of, as far as references lead. */
function objectsOfServices(
  configuration: Configuration,
  services: readonly PlannedService[],
): ReadonlySet<ConfigObject> {
  const objects = new Set<ConfigObject>();
  for (const domain of configuration.domains.values()) {
    const names = services.flatMap((each) =>
      each.state === "ready" && each.plan.domain === domain.name ? [each.plan.name] : [],
    );
    const roots = [...domain.objects.values()].filter(
      ({ name, enabled, kind }) => enabled && names.includes(name) && serviceKinds.test(kind),
    );
    for (const object of reachable(configuration, domain, roots)) objects.add(object);
  }
  return objects;
}

const serviceKinds = /^(?:MultiProtocolGateway|XMLFirewallService|WSGateway)$/;

function answerFor(
  object: ConfigObject,
  blamed: ReadonlySet<string>,
  served: ReadonlySet<ConfigObject>,
  managed: Managed,
): LintedObject["answer"] {
  if (!object.enabled) return "disabled";
  if (managed.unserved.has(object)) return "unsupported";
  if (blamed.has(`${object.domain}/${label(object)}`)) return "unsupported";
  return served.has(object) || managed.served.has(object) ? "served" : "tolerated";
}

function isServable(services: readonly PlannedService[], configuration: Configuration): boolean {
  const whole = [...configuration.domains.values()].every((domain) => domain.whole);
  const enabled = services.filter(({ state }) => state !== "disabled");
  return whole && enabled.length > 0 && enabled.every(({ state }) => state === "ready");
}

function label(object: ConfigObject): string {
  return `${object.alias} "${object.name}"`;
}
