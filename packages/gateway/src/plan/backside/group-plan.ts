import type { SecurePlan } from "./secure-plan.ts";

/** How a load-balancer group chooses among its members. */
export type Algorithm =
  | "round-robin"
  | "weighted-round-robin"
  | "least-connections"
  | "weighted-least-connections"
  | "first-alive"
  | "hash";

export interface MemberPlan {
  readonly host: string;
  readonly weight: number;
  /** 0 takes the port of the URL. */
  readonly port: number;
  /** 0 takes the port of the group's health check. */
  readonly healthPort: number;
  readonly enabled: boolean;
}

/** How members are looked at from time to time. Times in milliseconds. */
export interface HealthCheckPlan {
  readonly type: "http" | "tcp";
  readonly port: number;
  readonly uri: string;
  readonly method: string;
  /** What is sent with a POST or PUT, and its type. */
  readonly body: string;
  readonly contentType: string;
  /** What must find something in the answer; undefined where its status is enough. */
  readonly xpath: string | undefined;
  /** What the answer has to be a JSON object with; undefined where its status is enough. */
  readonly properties: ReadonlyMap<string, string> | undefined;
  readonly timeout: number;
  readonly interval: number;
  readonly secure: SecurePlan | undefined;
}

/** Cookies that keep a client on one member. */
export interface AffinityPlan {
  readonly cookie: string;
  readonly path: string;
  readonly domain: string;
  /** Set the cookie always, or only when the member begins a session of its own. */
  readonly always: boolean;
  readonly monitored: readonly string[];
  readonly attributes: readonly string[];
}

/** A load-balancer group that can be served. */
export interface GroupPlan {
  readonly domain: string;
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly members: readonly MemberPlan[];
  /** How long a member that failed is left out, in milliseconds. */
  readonly damp: number;
  /** With no member up: fail, instead of trying one that is down. */
  readonly givesUp: boolean;
  /** Try the other members before failing. */
  readonly triesAll: boolean;
  /** The Host of requests names the group, not the member. */
  readonly masquerades: boolean;
  readonly check: HealthCheckPlan | undefined;
  readonly affinity: AffinityPlan | undefined;
}
