import type { ProxyAddress } from "../plan/backside/agent-plan.ts";
import type { SecurePlan } from "../plan/backside/secure-plan.ts";

/** Where connections of one pool lead. Two with the same key are the same. */
export interface Destination {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly secure?: SecurePlan | undefined;
  /** The host as the URL has it, for TLS; a member of a group has another one. */
  readonly urlHost?: string;
  /** Connections go through this proxy: by CONNECT where TLS is spoken. */
  readonly proxy?: ProxyAddress | undefined;
}

/** A destination with the key that its parts make. */
export function destinationOf(parts: Omit<Destination, "key">): Destination {
  const { host, port, secure, urlHost, proxy } = parts;
  if (secure === undefined) {
    // one proxy connection carries requests to any host
    const at = proxy ?? { host, port };
    return { ...parts, key: `${proxy === undefined ? "" : "proxy "}${at.host}:${at.port}` };
  }
  const through = proxy === undefined ? "" : ` by ${proxy.host}:${proxy.port}`;
  return { ...parts, key: `${host}:${port} tls ${numberOf(secure)} ${urlHost ?? host}${through}` };
}

const numbers = new WeakMap<SecurePlan, number>();
let lastNumber = 0;

/** Two profiles of one name, an ssl-client and an sslproxy, share no connection and no session. */
function numberOf(plan: SecurePlan): number {
  let number = numbers.get(plan);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(plan, number);
  }
  return number;
}
