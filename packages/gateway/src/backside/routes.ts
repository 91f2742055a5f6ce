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

/** The ways of one service, by the policies of its user agent. */
export class Routes {
  readonly #plan: BacksidePlan;
  readonly #policies: boolean;
  /** The destination that was used last without policies: mostly the only one. */
  #plain: Destination | undefined;

  constructor(plan: BacksidePlan) {
    this.#plan = plan;
    this.#policies = hasPolicies(plan.agent);
  }

  /**
   * The way to a target; text says why there is none. `member` takes the place of the group that
   * the URL names; `profile` overrides all other TLS profiles.
   */
  hopTo(
    target: Target,
    profile: SecurePlan | undefined,
    through?: { readonly balancer: Balancer; readonly member: Member },
  ): Hop | string {
    if (
      this.#policies ||
      target.secure ||
      through !== undefined ||
      target.credentials !== undefined
    ) {
      const url = this.#policies ? urlOfTarget(target) : "";
      return hopBy(this.#plan, target, url, profile, through);
    }
    const { host, port, path, authority } = target;
    const { version } = this.#plan;
    if (this.#plain?.host !== host || this.#plain.port !== port) {
      this.#plain = destinationOf({ host, port });
    }
    const destination = this.#plain;
    return {
      destination,
      requestTarget: path,
      authority,
      extra: noExtra,
      version,
      chunked: undefined,
    };
  }
}

function hopBy(
  plan: BacksidePlan,
  target: Target,
  url: string,
  profile: SecurePlan | undefined,
  through: { readonly balancer: Balancer; readonly member: Member } | undefined,
): Hop | string {
  const { agent } = plan;
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

function hasPolicies(agent: AgentPlan): boolean {
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
