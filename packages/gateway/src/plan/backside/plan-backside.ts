import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../../config/model.ts";
import { lineOf, linesOf, textOf } from "../properties.ts";
import { Refusals } from "../refusals.ts";
import type { BackendPlan } from "../service-plan.ts";
import type { AgentPlan } from "./agent-plan.ts";
import type { BacksidePlan } from "./backside-plan.ts";
import type { GroupPlan } from "./group-plan.ts";
import { planNames } from "./names-plan.ts";
import { planAgent } from "./plan-agent.ts";
import { planGroup } from "./plan-group.ts";
import type { SecurePlan } from "./secure-plan.ts";
import { SecureProfiles } from "./secure-profiles.ts";

/** Most agents named by scripts that are kept. */
const mostNamed = 100;

/**
 * How a service reaches its backends; reasons why it cannot as configured go to `refusals`.
 */
export function planBackside(
  configuration: Configuration,
  service: ConfigObject,
  backend: BackendPlan,
  refusals: Refusals,
): BacksidePlan {
  const url = backend.type === "static" ? backend.url : undefined;
  const domain = configuration.domains.get(service.domain)!;
  const profiles = new SecureProfiles(configuration.root, domain, refusals);
  const manager = domain.objects.get(objectKey("XMLManager", textOf(service, "xml-manager")));
  const agentName = manager === undefined ? "default" : textOf(manager, "user-agent");
  const groups = new Map<string, GroupPlan>();
  for (const line of manager === undefined ? [] : linesOf(manager, "loadbalancer-group")) {
    for (const name of line.arguments) {
      const by = { object: manager!, line };
      const plan = planGroup(domain, name, by, profiles, refusals);
      if (plan !== undefined) groups.set(name.toLowerCase(), plan);
    }
  }
  const origin = url === undefined ? undefined : `${url.protocol}//${url.host}/`;
  const namedBy =
    manager === undefined
      ? { object: service, line: undefined }
      : { object: manager, line: lineOf(manager, "user-agent") };
  const agent = planAgent(domain, agentName || "default", namedBy, profiles, refusals, origin);
  // the sslproxy of a firewall may be for its clients alone
  const both = service.kind !== "XMLFirewallService" || url?.protocol === "https:";
  const secure = both ? ownProfile(service, profiles) : undefined;
  const named = ["ssl-client", "ssl"].some((name) => textOf(service, name) !== "");
  if (url?.protocol === "https:" && !named && agent.secure.length === 0) {
    const why = "an https backend needs an ssl-client, its own or that of the user agent";
    refusals.add(service, why, lineOf(service, "backend-url"));
  }
  const version = textOf(service, "http-server-version");
  if (version === "HTTP/2") {
    const line = lineOf(service, "http-server-version");
    refusals.add(service, "HTTP/2 to backends is not served", line);
  }
  return {
    agent,
    agentNamed: agentsNamed(configuration.root, domain, service),
    groups,
    names: planNames(configuration, domain.name),
    secure,
    secureNamed: (name) => profiles.named(name),
    version: version === "HTTP/1.0" ? "1.0" : "1.1",
    hashHeader: textOf(service, "load-balancer-hash-header"),
  };
}

/** Agents that scripts name, each read when it is first named: a refusal is the script's error. */
function agentsNamed(
  root: string,
  domain: ConfigDomain,
  service: ConfigObject,
): BacksidePlan["agentNamed"] {
  const known = new Map<string, AgentPlan | string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const refusals = new Refusals(service);
    const profiles = new SecureProfiles(root, domain, refusals);
    const by = { object: service, line: undefined };
    const agent = planAgent(domain, name, by, profiles, refusals, undefined);
    const [first] = refusals.list;
    const named = first === undefined ? agent : `${first.object}: ${first.why}`;
    if (known.size < mostNamed) known.set(name, named);
    return named;
  };
}

function ownProfile(service: ConfigObject, profiles: SecureProfiles): SecurePlan | undefined {
  const line = lineOf(service, "ssl-client");
  const older = lineOf(service, "ssl");
  const type = lineOf(service, "ssl-client-type")?.arguments[0];
  const isOlder = type === "proxy" || (type === undefined && line === undefined);
  if (isOlder && older !== undefined && textOf(service, "ssl") !== "") {
    return profiles.proxy(textOf(service, "ssl"), service, older);
  }
  const name = textOf(service, "ssl-client");
  return name === "" ? undefined : profiles.client(name, service, line);
}
