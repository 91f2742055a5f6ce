import type { ConfigObject, Configuration } from "../../config/model.ts";
import { flagOf, linesOf, numberOf, textOf } from "../properties.ts";

/** How host names of a domain become addresses. */
export interface NamesPlan {
  /** Addresses of host aliases by name in lower case, of the domain before those of the default domain. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Addresses of static hosts, by name in lower case. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** `address:port` of name servers; empty leaves names to the system. */
  readonly servers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Milliseconds for one question, and how often it is repeated. */
  readonly timeout: number;
  readonly retries: number;
  /** Which kind of address goes first; `only` leaves the other out. */
  readonly preference: 4 | 6 | undefined;
  readonly only: boolean;
  readonly rotates: boolean;
}

/** The names of a domain: its host aliases, and the `dns` of the default domain. */
export function planNames(configuration: Configuration, domain: string): NamesPlan {
  const aliases = new Map<string, string>();
  for (const name of ["default", domain]) {
    for (const object of configuration.domains.get(name)?.objects.values() ?? []) {
      if (object.kind !== "HostAlias" || !object.enabled) continue;
      aliases.set(object.name.toLowerCase(), textOf(object, "ip-address"));
    }
  }
  const dns = dnsOf(configuration);
  if (dns === undefined) return { ...systemNames, aliases };
  const hosts = new Map<string, string[]>();
  for (const {
    arguments: [name = "", address = ""],
  } of linesOf(dns, "static-host")) {
    const known = hosts.get(name.toLowerCase());
    if (known === undefined) hosts.set(name.toLowerCase(), [address]);
    else known.push(address);
  }
  const preference = textOf(dns, "ip-preference");
  return {
    aliases,
    hosts,
    servers: linesOf(dns, "name-server").map(({ arguments: [address = "", port = "53"] }) =>
      address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
    ),
    searchDomains: linesOf(dns, "search-domain").map(({ arguments: [name = ""] }) => name),
    timeout: numberOf(dns, "timeout") * 1000,
    retries: numberOf(dns, "retries"),
    preference: preference === "4" ? 4 : preference === "6" ? 6 : undefined,
    only: flagOf(dns, "force-ip-preference"),
    rotates: textOf(dns, "load-balance") === "round-robin",
  };
}

const systemNames: NamesPlan = {
  aliases: new Map(),
  hosts: new Map(),
  servers: [],
  searchDomains: [],
  timeout: 5000,
  retries: 2,
  preference: undefined,
  only: false,
  rotates: false,
};

function dnsOf(configuration: Configuration): ConfigObject | undefined {
  const objects = configuration.domains.get("default")?.objects;
  return [...(objects?.values() ?? [])].find(
    ({ kind, enabled }) => kind === "DNSNameService" && enabled,
  );
}
