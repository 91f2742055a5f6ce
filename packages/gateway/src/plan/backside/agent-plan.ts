import type { SecurePlan } from "./secure-plan.ts";

/** A policy of a user agent: for which URLs, and what. */
export interface UrlPolicy<Value> {
  readonly matches: (url: string) => boolean;
  readonly value: Value;
}

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** A user agent's policies; of each kind the first whose pattern matches the URL is in force. */
export interface AgentPlan {
  readonly identifier: string;
  readonly mostRedirects: number;
  /** Milliseconds, for requests of scripts. */
  readonly timeout: number;
  /** "none" goes past a proxy that a later policy names. */
  readonly proxies: readonly UrlPolicy<ProxyAddress | "none">[];
  readonly secure: readonly UrlPolicy<SecurePlan>[];
  /** The value of Authorization. */
  readonly authorizations: readonly UrlPolicy<string>[];
  readonly headers: readonly UrlPolicy<{ readonly name: string; readonly value: string }>[];
  readonly soapActions: readonly UrlPolicy<string>[];
  readonly versions: readonly UrlPolicy<"1.0" | "1.1">[];
  readonly chunked: readonly UrlPolicy<boolean>[];
  /** What this gateway does not do: a request that one of these matches fails with its text. */
  readonly unserved: readonly UrlPolicy<string>[];
}

/** The agent of a manager that names none. */
export const plainAgent: AgentPlan = {
  identifier: "",
  mostRedirects: 8,
  timeout: 300_000,
  proxies: [],
  secure: [],
  authorizations: [],
  headers: [],
  soapActions: [],
  versions: [],
  chunked: [],
  unserved: [],
};
