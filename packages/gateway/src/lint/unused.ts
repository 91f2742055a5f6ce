import type { ConfigDomain, ConfigObject, Configuration } from "../config/model.ts";
import { referencesOf } from "./references.ts";
import { calledRules } from "./script-findings.ts";

/** Kinds that do nothing unless something refers to them. */
const helpers: ReadonlySet<string> = new Set([
  "StylePolicy",
  "StylePolicyRule",
  "StylePolicyAction",
  "Matching",
  "HTTPSourceProtocolHandler",
  "HTTPSSourceProtocolHandler",
  "URLRewritePolicy",
  "LoadBalancerGroup",
  "HTTPInputConversionMap",
  "CryptoKey",
  "CryptoCertificate",
  "CryptoSSKey",
  "CryptoIdentCred",
  "CryptoValCred",
  "CryptoProfile",
  "SSLProxyProfile",
  "SSLServerProfile",
  "SSLClientProfile",
  "SSLSNIServerProfile",
  "SSLSNIMapping",
  "AAAPolicy",
  "SLMPolicy",
  "MPGWErrorHandlingPolicy",
  "MPGWErrorAction",
]);

/** What is used and what is not, of one domain. */
export interface Usage {
  /** Objects that an enabled service, or something that works by itself, refers to. */
  readonly used: ReadonlySet<ConfigObject>;
  readonly unused: ReadonlySet<ConfigObject>;
}

/** What is used and what is not, following references from everything that is not a helper. */
export function usageOf(configuration: Configuration, domain: ConfigDomain): Usage {
  const all = [...domain.objects.values()];
  const roots = all.filter((object) => !helpers.has(object.kind));
  const used = reachable(configuration, domain, roots);
  const unused = all.filter(
    (object) => helpers.has(object.kind) && !used.has(object) && !object.name.startsWith("default"),
  );
  return { used, unused: new Set(unused) };
}

/**
 * The objects that some objects lead to, themselves included; a disabled one leads no further.
 * Front-side handlers and load balancer groups are also found by name: in `front-protocol` and as
 * the host of a URL.
 */
export function reachable(
  configuration: Configuration,
  domain: ConfigDomain,
  roots: readonly ConfigObject[],
): ReadonlySet<ConfigObject> {
  const found = new Set<ConfigObject>();
  const waiting = [...roots];
  const rules = [...domain.objects.values()].filter(({ kind }) => kind === "StylePolicyRule");
  const byName = new Map<string, ConfigObject[]>();
  for (const object of domain.objects.values()) {
    if (!/^(?:HTTPS?Source|LoadBalancerGroup|HostAlias)/.test(object.kind)) continue;
    byName.set(object.name, [...(byName.get(object.name) ?? []), object]);
  }
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    if (found.has(object)) continue;
    found.add(object);
    if (!object.enabled) continue;
    for (const { target } of referencesOf(configuration, domain, object)) {
      if (target !== undefined) waiting.push(target);
    }
    if (callsAnyRule(object)) waiting.push(...rules);
    const called = calledRules(configuration, domain, object);
    waiting.push(...rules.filter(({ name }) => called?.includes(name) ?? true));
    for (const name of plainNames(object)) waiting.push(...(byName.get(name) ?? []));
  }
  return found;
}

/** An action that runs the rule which a variable will name. */
function callsAnyRule({ kind, lines }: ConfigObject): boolean {
  const variable = lines.some(
    ({ name, arguments: [rule = ""] }) => name === "rule" && rule.startsWith("var:"),
  );
  return kind === "StylePolicyAction" && variable;
}

/** Names that an object gives without a property that the catalogue calls a reference. */
function plainNames(object: ConfigObject): readonly string[] {
  return object.lines.flatMap((line) =>
    line.arguments.flatMap((text) => {
      const host = /^[a-z]+:\/\/([^/:]+)/i.exec(text)?.[1];
      if (host !== undefined) return [host];
      return line.name === "front-protocol" || line.name === "local-address" ? [text] : [];
    }),
  );
}
