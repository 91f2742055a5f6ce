import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../../config/model.ts";
import { passwordOf } from "../../config/password-alias.ts";
import { headerProblem } from "../header-edits.ts";
import { linesOf, numberOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import { wildcard } from "../wildcard.ts";
import { type AgentPlan, type ProxyAddress, plainAgent, type UrlPolicy } from "./agent-plan.ts";
import type { SecurePlan } from "./secure-plan.ts";
import type { SecureProfiles } from "./secure-profiles.ts";

const served: ReadonlySet<string> = new Set([
  "identifier",
  "max-redirects",
  "timeout",
  "proxy",
  "ssl",
  "basicauth",
  "soapaction",
  "pubkeyauth",
  "compression-policy",
  "headerretention-policy",
  "http-version-policy",
  "add-header-policy",
  "chunked-uploads-policy",
]);

/** Policies of protocols that are not spoken here: their URLs are refused in any case. */
const inert: ReadonlySet<string> = new Set(["ftp-policy", "smtp-policy", "sftp-policy"]);

interface AgentReader {
  readonly domain: ConfigDomain;
  readonly object: ConfigObject;
  readonly profiles: SecureProfiles;
  readonly refusals: Refusals;
}

/**
 * The user agent that an XML manager names. `origin` is what all URLs of the service begin with,
 * where that is known: a policy that is not served counts only for URLs that its pattern can match.
 */
export function planAgent(
  domain: ConfigDomain,
  name: string,
  by: { readonly object: ConfigObject; readonly line: PropertyLine | undefined },
  profiles: SecureProfiles,
  refusals: Refusals,
  origin: string | undefined,
): AgentPlan {
  const object = domain.objects.get(objectKey("HTTPUserAgent", name));
  if (object === undefined || !object.enabled) {
    // the default agent that no file defines is as the product makes it
    if (object === undefined && name === "default") return plainAgent;
    const why = object === undefined ? "does not exist" : "is disabled";
    refusals.add(by.object, `user-agent "${name}" ${why}`, by.line);
    return plainAgent;
  }
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  const reader: AgentReader = { domain, object, profiles, refusals };
  const unserved = unservedPolicies(reader);
  for (const { line, value } of unserved) {
    if (canMatch(line.arguments[0] ?? "", origin)) refusals.add(object, value, line);
  }
  return {
    identifier: textOf(object, "identifier"),
    mostRedirects: numberOf(object, "max-redirects"),
    timeout: numberOf(object, "timeout") * 1000,
    proxies: policies(reader, "proxy", proxyOf),
    secure: policies(reader, "ssl", secureOf),
    authorizations: policies(reader, "basicauth", authorizationOf),
    headers: policies(reader, "add-header-policy", headerOf),
    soapActions: policies(
      reader,
      "soapaction",
      ([action = ""], ...by) => headerOf(["SOAPAction", action], ...by)?.value,
    ),
    versions: policies(reader, "http-version-policy", versionOf),
    chunked: policies(reader, "chunked-uploads-policy", ([value = "off"]) => value === "on"),
    unserved,
  };
}

/** The policies of one kind; `read` gives the value of a line's words after the pattern. */
function policies<Value>(
  reader: AgentReader,
  name: string,
  read: (words: readonly string[], line: PropertyLine, reader: AgentReader) => Value | undefined,
): UrlPolicy<Value>[] {
  return linesOf(reader.object, name).flatMap((line) => {
    const [pattern = "", ...words] = line.arguments;
    const value = read(words, line, reader);
    return value === undefined ? [] : [{ matches: wildcard(pattern), value }];
  });
}

/** `proxy PATTERN none`, `proxy PATTERN HOST PORT`, `proxy PATTERN on|off [HOST PORT]`. */
function proxyOf(
  words: readonly string[],
  line: PropertyLine,
  { object, refusals }: AgentReader,
): ProxyAddress | "none" | undefined {
  const [first = ""] = words;
  if (first === "none" || first === "on") return "none";
  const [host = "", port = ""] = first === "off" ? words.slice(1) : words;
  const number = Number(port);
  if (host !== "" && Number.isInteger(number) && number >= 1 && number <= 65535) {
    return { host, port: number };
  }
  refusals.add(object, "this proxy line has no host and port", line);
  return undefined;
}

/** `ssl PATTERN SSLPROXY`, `ssl PATTERN client NAME`, `ssl PATTERN SSLPROXY client|proxy NAME`. */
function secureOf(
  words: readonly string[],
  line: PropertyLine,
  { object, profiles }: AgentReader,
): SecurePlan | undefined {
  const type = words.find((word, at) => at < 2 && (word === "client" || word === "proxy"));
  const name = type === undefined ? "" : (words[words.indexOf(type) + 1] ?? "");
  if (type === "client" && name !== "") return profiles.client(name, object, line);
  const older = type === undefined || words[0] !== type ? (words[0] ?? "") : name;
  return profiles.proxy(older === "" ? name : older, object, line);
}

/** `basicauth PATTERN USER PASSWORDALIAS`. */
function authorizationOf(
  [user = "", alias = ""]: readonly string[],
  line: PropertyLine,
  { object, domain, refusals }: AgentReader,
): string | undefined {
  const password = passwordOf(domain, alias, process.env);
  if (password === undefined) {
    const known = domain.objects.has(objectKey("PasswordAlias", alias));
    const why = known ? "there is no password for" : "there is no";
    refusals.add(object, `${why} password-alias "${alias}"`, line);
    return undefined;
  }
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function headerOf(
  [name = "", value = ""]: readonly string[],
  line: PropertyLine,
  { object, refusals }: AgentReader,
): { name: string; value: string } | undefined {
  const why = headerProblem(name, value);
  if (why === undefined) return { name, value };
  refusals.add(object, `${line.name}: ${why}`, line);
  return undefined;
}

function versionOf(words: readonly string[]): "1.0" | "1.1" | undefined {
  if (words[0] === "HTTP/1.0") return "1.0";
  return words[0] === "HTTP/1.1" ? "1.1" : undefined;
}

/** What of an agent this gateway does not do, each with its line. */
function unservedPolicies({ object }: AgentReader): (UrlPolicy<string> & { line: PropertyLine })[] {
  const kinds: readonly (readonly [string, string, (words: readonly string[]) => boolean])[] = [
    ["pubkeyauth", "authentication by public key", () => true],
    ["compression-policy", "compression", ([value]) => value === "on"],
    ["headerretention-policy", "header retention", ([value = ""]) => !/^(?:|0|0x0)$/.test(value)],
    ["http-version-policy", "HTTP/2 to backends", ([version]) => version === "HTTP/2"],
  ];
  return kinds.flatMap(([name, what, isUnserved]) =>
    linesOf(object, name)
      .filter(({ arguments: [, ...words] }) => isUnserved(words))
      .map((line) => ({
        matches: wildcard(line.arguments[0] ?? ""),
        value: `${what} (${name}) is not served`,
        line,
      })),
  );
}

/** False when no URL that begins with `origin` can match a pattern. */
function canMatch(pattern: string, origin: string | undefined): boolean {
  if (origin === undefined) return true;
  const literal = /^[^*?[\\]*/.exec(pattern)?.[0] ?? "";
  return literal.startsWith(origin) || origin.startsWith(literal);
}
