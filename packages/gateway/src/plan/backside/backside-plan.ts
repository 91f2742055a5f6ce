import type { AgentPlan } from "./agent-plan.ts";
import type { GroupPlan } from "./group-plan.ts";
import type { NamesPlan } from "./names-plan.ts";
import type { SecurePlan } from "./secure-plan.ts";

/** How a service reaches its backends. */
export interface BacksidePlan {
  readonly agent: AgentPlan;
  /** Another user agent of the domain, or why there is none. */
  readonly agentNamed: (name: string) => AgentPlan | string;
  /** The load-balancer groups of the service's manager, by name in lower case. */
  readonly groups: ReadonlyMap<string, GroupPlan>;
  readonly names: NamesPlan;
  /** The service's own TLS profile. */
  readonly secure: SecurePlan | undefined;
  /** A TLS profile that is named while messages are served, or why there is none. */
  readonly secureNamed: (name: string) => SecurePlan | string;
  readonly version: "1.0" | "1.1";
  /** The request header whose value a group's hash is of; "" is the client's address. */
  readonly hashHeader: string;
}
