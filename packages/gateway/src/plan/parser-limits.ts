import { type ConfigDomain, type ConfigObject, objectKey } from "../config/model.ts";
import { defaultJsonLimits, type JsonLimits } from "../json/limits.ts";
import { defaultXmlLimits, type XmlLimits } from "../xml/limits.ts";
import { flagOf, lineOf, numberOf, textOf, unservedProperties } from "./properties.ts";
import type { Refusals } from "./refusals.ts";

const limitsOfXml = [
  "bytes-scanned",
  "element-depth",
  "attribute-count",
  "max-node-size",
  "max-prefixes",
  "max-namespaces",
  "max-local-names",
];
const limitsOfJson: ReadonlySet<string> = new Set([
  "max-document-size",
  "max-nesting-depth",
  "max-label-string-length",
  "max-value-string-length",
  "max-number-length",
]);

/**
 * The limits under which a service parses XML: its own where `gateway-parser-limits` (of a
 * firewall: `firewall-parser-limits`) is on, else
 * those of its xml-manager. A document type that would have to be fetched is refused.
 */
export function xmlLimits(
  domain: ConfigDomain,
  service: ConfigObject,
  refusals: Refusals,
): XmlLimits {
  const own = flagOf(service, "gateway-parser-limits") || flagOf(service, "firewall-parser-limits");
  const object = own ? service : managerOf(domain, service);
  if (object === undefined) return defaultXmlLimits;
  const external = textOf(object, "external-references");
  if (external === "allow") {
    const why = "external references are never fetched: forbid or ignore them";
    refusals.add(object, why, lineOf(object, "external-references"));
  }
  for (const name of limitsOfXml) {
    if (!Number.isNaN(numberOf(object, name))) continue;
    refusals.add(object, `${name} is no whole number`, lineOf(object, name));
  }
  return {
    bytes: own ? numberOf(service, "max-message-size") * 1024 : numberOf(object, "bytes-scanned"),
    elementDepth: numberOf(object, "element-depth"),
    attributeCount: numberOf(object, "attribute-count"),
    nodeSize: numberOf(object, "max-node-size"),
    prefixes: numberOf(object, "max-prefixes"),
    namespaces: numberOf(object, "max-namespaces"),
    localNames: numberOf(object, "max-local-names"),
    externalReferences: external === "ignore" ? "ignore" : "forbid",
  };
}

/** The limits under which a service parses JSON: those that its xml-manager names. */
export function jsonLimits(
  domain: ConfigDomain,
  service: ConfigObject,
  refusals: Refusals,
): JsonLimits {
  const manager = managerOf(domain, service);
  const name = manager === undefined ? "" : textOf(manager, "json-parser-settings");
  if (manager === undefined || name === "") return defaultJsonLimits;
  const settings = domain.objects.get(objectKey("JSONSettings", name));
  if (settings === undefined || !settings.enabled) {
    const line = lineOf(manager, "json-parser-settings");
    refusals.add(manager, `json-settings "${name}" does not exist`, line);
    return defaultJsonLimits;
  }
  for (const { line, why } of unservedProperties(settings, limitsOfJson, new Set())) {
    refusals.add(settings, why, line);
  }
  return {
    bytes: numberOf(settings, "max-document-size"),
    depth: numberOf(settings, "max-nesting-depth"),
    labelLength: numberOf(settings, "max-label-string-length"),
    valueLength: numberOf(settings, "max-value-string-length"),
    numberLength: numberOf(settings, "max-number-length"),
  };
}

/** The xml-manager of a service, where its domain has it. */
export function managerOf(domain: ConfigDomain, service: ConfigObject): ConfigObject | undefined {
  return domain.objects.get(objectKey("XMLManager", textOf(service, "xml-manager") || "default"));
}
