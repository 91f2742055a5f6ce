import type { ConfigDomain, ConfigObject, Configuration } from "../config/model.ts";
import { requirePart } from "../require-part.ts";
import { claimListeners } from "./front-protocols.ts";
import { Refusals } from "./refusals.ts";
import type { PlannedService } from "./service-plan.ts";
import type { planGateway } from "./services/mpgw.ts";

const require = requirePart(import.meta.url);

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

/** The kinds that can be served, each with what makes its plan: loaded with the first service of the kind. */
const servedKinds: ReadonlyMap<string, () => typeof planGateway> = new Map([
  [
    "MultiProtocolGateway",
    () => (require("./services/mpgw.ts") as typeof import("./services/mpgw.ts")).planGateway,
  ],
  [
    "XMLFirewallService",
    () =>
      (require("./services/xmlfirewall.ts") as typeof import("./services/xmlfirewall.ts"))
        .planFirewall,
  ],
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
  const planKind = servedKinds.get(object.kind)?.();
  if (planKind === undefined) {
    refusals.add(object, `services of kind ${object.alias} are not served`);
    return { state: "down", ...label, obstacles: refusals.list };
  }
  const plan = planKind(configuration, domain, object, refusals);
  if (refusals.list.length === 0) claimListeners(plan, object, taken, refusals);
  if (refusals.list.length > 0) return { state: "down", ...label, obstacles: refusals.list };
  return { state: "ready", plan };
}
