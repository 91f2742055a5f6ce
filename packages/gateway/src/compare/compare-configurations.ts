import { kindNamed } from "../catalogue.ts";
import type { ConfigDomain, ConfigObject, Configuration } from "../config/model.ts";
import { effectiveValues, type Value } from "../config/values.ts";
import { isBoilerplate } from "./boilerplate.ts";
import { compareFiles } from "./compare-files.ts";
import type { Difference } from "./difference.ts";

/** Lists of which only the members count; the order of every other list is part of its value. */
const unordered: ReadonlySet<string> = new Set([
  "front-protocol",
  "visible-domain",
  "inject",
  "suppress",
  "parameter",
  "event",
  "object",
  "meta-item",
  "certificate",
  "monitored-cookie",
  "monitor-service",
  "monitor-count",
  "monitor-duration",
  "loadbalancer-group",
  "static-host",
]);

/**
 * What differs between two configurations, per domain in the order of the second: objects, their
 * properties with defaults applied, and the content of the files below `local/`. How a file is
 * written (order of objects, one-line forms, quotes, on and off) makes no difference.
 */
export function compareConfigurations(
  before: Configuration,
  after: Configuration,
): readonly Difference[] {
  const differences: Difference[] = [];
  const names = new Set([...after.domains.keys(), ...before.domains.keys()]);
  for (const name of names) {
    const was = before.domains.get(name);
    const is = after.domains.get(name);
    if (was === undefined || is === undefined) {
      const change = was === undefined ? "added" : "removed";
      differences.push({ of: "domain", domain: name, change, boilerplate: false });
    }
    differences.push(...compareDomains(name, was, is));
  }
  return [...differences, ...compareFiles(before, after)];
}

function compareDomains(
  domain: string,
  before: ConfigDomain | undefined,
  after: ConfigDomain | undefined,
): Difference[] {
  const differences: Difference[] = [];
  for (const [key, is] of after?.objects ?? []) {
    const was = before?.objects.get(key);
    if (was === undefined) differences.push(wholeObject(domain, "added", is));
    else differences.push(...compareObjects(domain, was, is));
  }
  for (const [key, was] of before?.objects ?? []) {
    if (after?.objects.has(key) !== true) differences.push(wholeObject(domain, "removed", was));
  }
  return differences;
}

function wholeObject(
  domain: string,
  change: "added" | "removed",
  object: ConfigObject,
): Difference {
  const { origin } = object;
  const boilerplate = isBoilerplate(object, "presence");
  return { of: "object", domain, change, object: labelOf(object), origin, boilerplate };
}

function compareObjects(domain: string, before: ConfigObject, after: ConfigObject): Difference[] {
  const differences: Difference[] = [];
  const common = {
    of: "property",
    domain,
    object: labelOf(after),
    boilerplate: isBoilerplate(after, "content"),
  } as const;
  const was = effectiveValues(before);
  const is = effectiveValues(after);
  if (before.enabled !== after.enabled) {
    differences.push({
      ...common,
      change: "changed",
      property: "admin-state",
      was: before.enabled ? "enabled" : "disabled",
      is: after.enabled ? "enabled" : "disabled",
      origin: after.origin,
    });
  }
  for (const property of new Set([...was.keys(), ...is.keys()])) {
    const old = was.get(property);
    const now = is.get(property);
    if (isSame(after.kind, property, old, now)) continue;
    const line = after.lines.find(({ name }) => name === property);
    differences.push({
      ...common,
      change: old === undefined ? "added" : now === undefined ? "removed" : "changed",
      property,
      ...(old === undefined ? {} : { was: old }),
      ...(now === undefined ? {} : { is: now }),
      origin: line?.origin ?? after.origin,
    });
  }
  return differences;
}

function isSame(
  kind: string,
  property: string,
  was: Value | undefined,
  is: Value | undefined,
): boolean {
  if (was === is) return true;
  const members = unordered.has(property) || (kind === "Matching" && property === "match");
  return textOf(was, members) === textOf(is, members);
}

function textOf(value: Value | undefined, members: boolean): string {
  if (!members || !Array.isArray(value)) return JSON.stringify(value) ?? "";
  return JSON.stringify(value.map((each) => JSON.stringify(each)).sort());
}

/** `alias "name"`, or the alias of a singleton. */
export function labelOf(object: ConfigObject): string {
  return kindNamed(object.kind)?.singleton === true
    ? object.alias
    : `${object.alias} "${object.name}"`;
}
