import { kindNamed } from "../catalogue.ts";
import type { ConfigDomain, ConfigObject, PropertyLine } from "../config/model.ts";
import { exitClosesCrypto } from "../config/modes.ts";
import { isPlainCommand } from "../config/vocabulary.ts";
import { orderedLines } from "./order.ts";
import { printManager } from "./print-manager.ts";
import { oneLine } from "./print-one-line.ts";
import { argumentText, quoted, wordText } from "./words.ts";

/** Kinds that a saved domain writes without asking whether they are available. */
const unconditional: ReadonlySet<string> = new Set([
  "StylePolicyAction",
  "StylePolicyRule",
  "StylePolicy",
  "Matching",
  "HTTPUserAgent",
  "XMLManager",
  "LogTarget",
  "CryptoKey",
  "CryptoCertificate",
  "CryptoSSKey",
  "CryptoIdentCred",
  "CryptoProfile",
  "CryptoValCred",
  "SSLProxyProfile",
  "XMLFirewallService",
  "User",
  "Domain",
  "AccessControlList",
]);

/** Kinds that a saved domain writes inside `crypto` … `exit`. */
const inCrypto = /^(?:Crypto|SSL(?:Server|Client|SNI)|JWE|JWS|JOSE|SSH.*Profile$|CertMonitor)/;

/** Kinds whose saved form begins with `reset`. */
const withReset: ReadonlySet<string> = new Set([
  "StylePolicyAction",
  "StylePolicyRule",
  "StylePolicy",
]);

/**
 * A domain in the form in which one is saved: objects in their order, properties in the
 * catalogue's. Reading the text again gives the same objects.
 */
export function printDomain(domain: ConfigDomain): string {
  const parts = [
    `top; configure terminal;\n\n# configuration of the domain ${domain.name.replaceAll(/\s/g, " ")}\n`,
  ];
  for (const object of domain.objects.values()) parts.push(printWrapped(object));
  return parts.join("\n");
}

/** One object as statements, without the condition and the `crypto` mode around it. */
export function printObject(object: ConfigObject): string {
  if (object.kind === "XMLManager") return printManager(object, printLine);
  const short = oneLine(object);
  if (short !== undefined) return short;
  const lines = orderedLines(object);
  const bare = lines.filter((line) => line.name === "(arguments)");
  const rest = lines.filter((line) => line.name !== "(arguments)");
  const open = opening(object);
  const heads = bare.map((line) => `${open} ${line.arguments.map(quoted).join(" ")}\n`);
  if (bare.length > 0 && rest.length === 0 && object.enabled) return heads.join("");
  const body = [
    ...(withReset.has(object.kind) ? ["  reset\n"] : []),
    ...stateLine(object, rest[0]),
    ...rest.map((line) => printLine(object, line, "  ")),
  ];
  const alone = isPlainCommand(object.alias) || exitClosesCrypto(object.alias);
  if (body.length === 0 && alone) return `${heads.join("")}${open}\n`;
  return `${heads.join("")}${open}\n${body.join("")}exit\n`;
}

/** A body that begins with a word that is not known says its state first: then it is a body. */
function stateLine(object: ConfigObject, first: PropertyLine | undefined): readonly string[] {
  if (!object.enabled) return ["  admin-state disabled\n"];
  return first?.known === false ? ["  admin-state enabled\n"] : [];
}

function printWrapped(object: ConfigObject): string {
  let text = printObject(object);
  if (inCrypto.test(object.kind)) text = `crypto\n\n${text}\nexit\n`;
  if (unconditional.has(object.kind)) return text;
  return `%if% available ${quoted(object.alias)}\n\n${text}\n%endif%\n`;
}

function opening(object: ConfigObject): string {
  const kind = kindNamed(object.kind);
  const nameless = kind === undefined && object.name === object.alias;
  if (kind?.singleton === true || nameless) return object.alias;
  return `${object.alias} ${quoted(object.name)}`;
}

function printLine(object: ConfigObject, line: PropertyLine, indent: string): string {
  const no = line.negated ? "no " : "";
  const name = line.known ? line.name : wordText(line.name);
  if (line.children !== undefined) {
    const children = line.children.map((child) => {
      const words = child.arguments.map(quoted);
      return `${indent}  ${[`${child.negated ? "no " : ""}${wordText(child.name)}`, ...words].join(" ")}\n`;
    });
    return `${indent}${name}\n${children.join("")}${indent}exit\n`;
  }
  const property = kindNamed(object.kind)?.properties.get(line.name);
  const words = line.arguments.map((text) => argumentText(property, text));
  return `${indent}${[`${no}${name}`, ...words].join(" ")}\n`;
}
