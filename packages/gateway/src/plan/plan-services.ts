import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
  type PropertyLine,
} from "../config/model.ts";
import { compileMatching } from "./matching.ts";
import { inert, served } from "./mpgw-properties.ts";
import { planRule, type RulePlanner } from "./plan-actions.ts";
import { planListener } from "./plan-listener.ts";
import { flagOf, lineOf, linesOf, numberOf, textOf, unservedProperties } from "./properties.ts";
import { Refusals } from "./refusals.ts";
import { unservedInScripts } from "./script-scan.ts";
import type {
  HeaderEdit,
  ListenerPlan,
  MessageType,
  PlannedService,
  PolicyEntry,
  RulePlan,
  ServicePlan,
} from "./service-plan.ts";

/** Kinds that listen for clients: each instance is served, down or disabled, never left out. */
const serviceKinds: ReadonlySet<string> = new Set([
  "MultiProtocolGateway",
  "XMLFirewallService",
  "WSGateway",
  "WebAppFW",
  "APIGateway",
  "B2BGateway",
  "TCPProxyService",
  "SSLProxyService",
  "XSLCoprocService",
  "XSLProxyService",
  "WebTokenService",
]);

/**
 * Every service of the configuration: ready with its plan, disabled, or down with file, line and
 * object for each reason. A service is ready only when all that it refers to is served faithfully.
 */
export function planServices(configuration: Configuration): PlannedService[] {
  const services: PlannedService[] = [];
  const taken = new Map<string, string>();
  for (const domain of configuration.domains.values()) {
    for (const object of domain.objects.values()) {
      if (!serviceKinds.has(object.kind)) continue;
      services.push(planService(configuration, domain, object, taken));
    }
  }
  return services;
}

function planService(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  taken: Map<string, string>,
): PlannedService {
  const label = { domain: domain.name, name: object.name, kind: object.kind };
  if (!object.enabled) return { state: "disabled", ...label };
  const refusals = new Refusals(object);
  if (!domain.whole) {
    const problem = configuration.problems.find(
      ({ scope, domain: of }) => scope === "domain" && (of === domain.name || of === "default"),
    );
    refusals.list.push({
      domain: domain.name,
      service: object.name,
      object: problem?.object ?? `${object.alias} "${object.name}"`,
      origin: problem?.origin ?? object.origin,
      why: problem?.message ?? "its domain could not be read whole",
    });
    return { state: "down", ...label, obstacles: refusals.list };
  }
  if (object.kind !== "MultiProtocolGateway") {
    refusals.add(object, `services of kind ${object.alias} are not served`);
    return { state: "down", ...label, obstacles: refusals.list };
  }
  const plan = planGateway(configuration, domain, object, refusals);
  if (refusals.list.length === 0) claimListeners(plan, object, taken, refusals);
  if (refusals.list.length > 0) return { state: "down", ...label, obstacles: refusals.list };
  return { state: "ready", plan };
}

function planGateway(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ServicePlan {
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  refuseTolerated(domain, object, refusals);
  const planner: RulePlanner = { root: configuration.root, domain, refusals, rules: new Map() };
  const policy = planPolicy(planner, object);
  const scripts = unservedInScripts(planner, object);
  return {
    domain: domain.name,
    name: object.name,
    policyName: textOf(object, "stylepolicy"),
    origin: object.origin,
    listeners: planListeners(configuration, domain, object, refusals),
    policy,
    rules: planner.rules,
    backend: planBackend(object, refusals),
    requestType: messageType(object, "request-type", refusals),
    responseType: answersItself(object, policy)
      ? "preprocessed"
      : messageType(object, "response-type", refusals),
    forcePolicyExec: flagOf(object, "force-policy-exec"),
    propagateUri: flagOf(object, "propagate-uri"),
    processHttpErrors: flagOf(object, "process-http-errors"),
    hostRewriting: flagOf(object, "host-rewriting"),
    chunkedUploads: flagOf(object, "chunked-uploads"),
    allowCacheControl: flagOf(object, "allow-cache-control"),
    followRedirects: flagOf(object, "follow-redirects"),
    backPersistent: flagOf(object, "persistent-connections"),
    frontTimeout: numberOf(object, "front-timeout") * 1000,
    backTimeout: numberOf(object, "back-timeout") * 1000,
    frontPersistentTimeout: numberOf(object, "front-persistent-timeout") * 1000,
    backPersistentTimeout: numberOf(object, "back-persistent-timeout") * 1000,
    maxMessageBytes: numberOf(object, "max-message-size") * 1024,
    clientIpLabel: textOf(object, "http-client-ip-label"),
    transactionIdLabel: textOf(object, "http-global-tranID-label"),
    parameters: new Map(
      linesOf(object, "parameter").map((line) => [
        (line.arguments[0] ?? "").replace(/^\{[^}]*\}/, ""),
        line.arguments[1] ?? "",
      ]),
    ),
    headerEdits: [...headerEdits(object, "inject"), ...headerEdits(object, "suppress")],
    scripts,
  };
}

/** References that have no effect as long as what they name holds nothing of effect. */
function refuseTolerated(domain: ConfigDomain, object: ConfigObject, refusals: Refusals): void {
  const manager = textOf(object, "xml-manager");
  if (manager !== "default" && !domain.objects.has(objectKey("XMLManager", manager))) {
    refusals.add(object, `xml-manager "${manager}" does not exist`, lineOf(object, "xml-manager"));
  }
  const attachments = textOf(object, "policy-attachments");
  const attached = domain.objects.get(objectKey("PolicyAttachments", attachments));
  if (attachments !== "" && attached === undefined) {
    const line = lineOf(object, "policy-attachments");
    refusals.add(object, `policy-attachments "${attachments}" does not exist`, line);
  } else if (attached !== undefined) {
    const tuning = new Set(["enforcement-mode", "policy-references", "sla-enforcement-mode"]);
    for (const { line, why } of unservedProperties(attached, tuning, new Set())) {
      refusals.add(attached, why, line);
    }
  }
}

function planPolicy(planner: RulePlanner, object: ConfigObject): PolicyEntry[] {
  const { domain, refusals } = planner;
  const name = textOf(object, "stylepolicy");
  const policy = domain.objects.get(objectKey("StylePolicy", name));
  if (policy === undefined || !policy.enabled) {
    refusals.add(object, `stylepolicy "${name}" does not exist`, lineOf(object, "stylepolicy"));
    return [];
  }
  const tolerated = new Set(["match", "xsldefault", "xquerydefault", "filter"]);
  for (const { line, why } of unservedProperties(policy, tolerated, new Set())) {
    refusals.add(policy, why, line);
  }
  for (const name of ["filter", "xquerydefault"]) {
    const line = lineOf(policy, name);
    if (
      line !== undefined &&
      !/^store:\/\/\/(filter-reject-all\.xsl|reject-all-json\.xq)$/.test(line.arguments[0] ?? "")
    ) {
      refusals.add(policy, `${name} other than the one that rejects is not served`, line);
    }
  }
  const entries: PolicyEntry[] = [];
  for (const line of linesOf(policy, "match")) {
    const entry = planEntry(planner, policy, line);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function planEntry(
  planner: RulePlanner,
  policy: ConfigObject,
  line: PropertyLine,
): PolicyEntry | undefined {
  const { domain, refusals } = planner;
  const [matchingName = "", ruleName = ""] = line.arguments;
  const matching = domain.objects.get(objectKey("Matching", matchingName));
  const rule = domain.objects.get(objectKey("StylePolicyRule", ruleName));
  if (matching === undefined || !matching.enabled) {
    refusals.add(policy, `matching "${matchingName}" does not exist`, line);
  }
  if (rule === undefined || !rule.enabled) {
    refusals.add(policy, `rule "${ruleName}" does not exist`, line);
  }
  if (matching === undefined || rule === undefined) return undefined;
  const matches = compileMatching(matching, (at, why) => refusals.add(matching, why, at));
  return { matching: matchingName, matches, rule: planRule(planner, rule) };
}

function planListeners(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ListenerPlan[] {
  const lines = linesOf(object, "front-protocol");
  if (lines.length === 0) refusals.add(object, "it has no front-protocol");
  return lines.flatMap((line) => {
    const name = line.arguments[0] ?? "";
    const handler = domain.objects.get(objectKey("HTTPSourceProtocolHandler", name));
    if (handler?.enabled) return [planListener(handler, configuration.domains, refusals)];
    const other = [...domain.objects.values()].find(
      (candidate) => candidate.name === name && candidate.alias.startsWith("source-"),
    );
    if (handler !== undefined) refusals.add(handler, "it is disabled");
    else if (other !== undefined) refusals.add(other, `${other.alias} is not served`);
    else refusals.add(object, `front-protocol "${name}" does not exist`, line);
    return [];
  });
}

function planBackend(object: ConfigObject, refusals: Refusals): ServicePlan["backend"] {
  const type = textOf(object, "type");
  if (type === "dynamic-backend") return { type: "dynamic" };
  const text = textOf(object, "backend-url");
  const line = lineOf(object, type === "static-backend" ? "backend-url" : "type");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (type !== "static-backend") refusals.add(object, `type ${type} is not served`, line);
  else if (url?.protocol !== "http:") {
    refusals.add(object, `backend-url "${text}" is not an http URL`, line);
  }
  return { type: "static", url: url ?? new URL("http://invalid.invalid/") };
}

function messageType(
  object: ConfigObject,
  name: "request-type" | "response-type",
  refusals: Refusals,
): MessageType {
  const type = textOf(object, name);
  if (type === "preprocessed" || type === "json" || type === "unprocessed") return type;
  refusals.add(object, `${name} ${type} is not served`, lineOf(object, name));
  return "preprocessed";
}

/** True when no request can reach a backend: each request rule sets skip-backside. */
function answersItself(object: ConfigObject, policy: readonly PolicyEntry[]): boolean {
  const skips = (rule: RulePlan): boolean =>
    rule.actions.some(
      (action) =>
        action.type === "setvar" &&
        action.variable === "var://service/mpgw/skip-backside" &&
        action.value === "1",
    );
  const requestRules = policy.filter(({ rule }) =>
    ["rule", "request-rule"].includes(rule.direction),
  );
  return (
    textOf(object, "type") === "dynamic-backend" && requestRules.every(({ rule }) => skips(rule))
  );
}

function headerEdits(object: ConfigObject, name: "inject" | "suppress"): HeaderEdit[] {
  return linesOf(object, name).map(({ arguments: [side = "", header = "", value = ""] }) => ({
    side: side === "back" ? "back" : "front",
    name: header,
    ...(name === "inject" ? { value } : {}),
  }));
}

function claimListeners(
  plan: ServicePlan,
  object: ConfigObject,
  taken: Map<string, string>,
  refusals: Refusals,
): void {
  for (const listener of plan.listeners) {
    const key = `${listener.domain}/${listener.name}`;
    const owner = taken.get(key);
    if (owner === undefined) taken.set(key, plan.name);
    else refusals.add(object, `source-http "${listener.name}" already serves "${owner}"`);
  }
}
