import type { AgentPlan, UrlPolicy } from "../plan/backside/agent-plan.ts";
import type { BacksidePlan } from "../plan/backside/backside-plan.ts";
import type { SecurePlan } from "../plan/backside/secure-plan.ts";
import type { Balancer, Member } from "./balancer.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { type Target, urlOfTarget } from "./target.ts";

/** One request's way to its backend. */
export interface Hop {
  readonly destination: Destination;
  /** What the request line names: a path, or to a proxy the whole URL. */
  readonly requestTarget: string;
  /** The value of Host. */
  readonly authority: string;
  /** Headers that take the place of the message's own. */
  readonly extra: readonly (readonly [string, string])[];
  readonly version: "1.0" | "1.1";
  /** Undefined leaves it to the service. */
  readonly chunked: boolean | undefined;
}

const noExtra: Hop["extra"] = [];

/**
 * The way to a target by the policies of the user agent; text says why there is none. `member`
 * takes the place of the group that the URL names; `profile` overrides all other TLS profiles.
 */
export function hopTo(
  plan: BacksidePlan,
  target: Target,
  profile: SecurePlan | undefined,
  through?: { readonly balancer: Balancer; readonly member: Member },
): Hop | string {
  const { agent } = plan;
  const policies = hasPolicies(agent);
  if (!policies && !target.secure && through === undefined && target.credentials === undefined) {
    return plainHop(plan, target);
  }
  const url = policies ? urlOfTarget(target) : "";
  const unserved = first(agent.unserved, url);
  if (unserved !== undefined) return unserved;
  const secure = target.secure ? (profile ?? first(agent.secure, url) ?? plan.secure) : undefined;
  if (target.secure && secure === undefined) return "https without a TLS profile";
  const named = first(agent.proxies, url);
  const proxy = named === "none" ? undefined : named;
  const place = through === undefined ? target : placeOf(target, through);
  const destination = destinationOf({
    host: place.host,
    port: place.port,
    secure,
    ...(secure === undefined ? {} : { urlHost: nameOf(target, place, through?.balancer) }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  return {
    destination,
    requestTarget:
      proxy !== undefined && secure === undefined
        ? urlOfTarget({ ...target, authority: place.authority })
        : target.path,
    authority: place.authority,
    extra: extraHeaders(agent, target, url),
    version: first(agent.versions, url) ?? plan.version,
    chunked: first(agent.chunked, url),
  };
}

/** The destination that a service has used last without policies: mostly its only one. */
const lastPlain = new WeakMap<BacksidePlan, Destination>();

function plainHop(plan: BacksidePlan, { host, port, path, authority }: Target): Hop {
  let destination = lastPlain.get(plan);
  if (destination?.host !== host || destination.port !== port) {
    destination = destinationOf({ host, port });
    lastPlain.set(plan, destination);
  }
  return {
    destination,
    requestTarget: path,
    authority,
    extra: noExtra,
    version: plan.version,
    chunked: undefined,
  };
}

const withPolicies = new WeakMap<AgentPlan, boolean>();

function hasPolicies(agent: AgentPlan): boolean {
  let known = withPolicies.get(agent);
  if (known === undefined) {
    known = countsPolicies(agent);
    withPolicies.set(agent, known);
  }
  return known;
}

function countsPolicies(agent: AgentPlan): boolean {
  return (
    agent.proxies.length > 0 ||
    agent.secure.length > 0 ||
    agent.authorizations.length > 0 ||
    agent.headers.length > 0 ||
    agent.soapActions.length > 0 ||
    agent.versions.length > 0 ||
    agent.chunked.length > 0 ||
    agent.unserved.length > 0
  );
}

/** The value of the first policy whose pattern matches. */
function first<Value>(policies: readonly UrlPolicy<Value>[], url: string): Value | undefined {
  return policies.length === 0 ? undefined : policies.find(({ matches }) => matches(url))?.value;
}

function placeOf(
  target: Target,
  { balancer, member }: { readonly balancer: Balancer; readonly member: Member },
): Pick<Target, "host" | "port" | "authority"> {
  const { host } = member.plan;
  const port = member.plan.port === 0 ? target.port : member.plan.port;
  if (balancer.plan.masquerades) return { host, port, authority: target.authority };
  const name = host.includes(":") ? `[${host}]` : host;
  const usual = port === (target.secure ? 443 : 80);
  return { host, port, authority: usual ? name : `${name}:${port}` };
}

/** The host that TLS asks for and looks for: of a group, the member's, unless it hides its members. */
function nameOf(
  target: Target,
  place: Pick<Target, "host">,
  balancer: Balancer | undefined,
): string {
  return balancer?.plan.masquerades === true ? target.host : place.host;
}

function extraHeaders(agent: AgentPlan, target: Target, url: string): Hop["extra"] {
  const { credentials } = target;
  if (url === "" && credentials === undefined) return noExtra;
  const extra: [string, string][] = [];
  const authorization = first(agent.authorizations, url);
  if (authorization !== undefined) extra.push(["Authorization", authorization]);
  else if (credentials !== undefined) {
    extra.push(["Authorization", `Basic ${Buffer.from(credentials).toString("base64")}`]);
  }
  const header = first(agent.headers, url);
  if (header !== undefined) extra.push([header.name, header.value]);
  const action = first(agent.soapActions, url);
  if (action !== undefined) extra.push(["SOAPAction", action]);
  return extra;
}
