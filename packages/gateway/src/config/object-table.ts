import { kindOfAlias } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";
import { type ConfigObject, type Origin, objectKey, type PropertyLine } from "./model.ts";
import { catalogueProperty } from "./vocabulary.ts";

/** An object while its file is being read. */
export interface OpenObject {
  readonly domain: string;
  readonly alias: string;
  readonly kind: string;
  readonly name: string;
  readonly origin: Origin;
  enabled: boolean;
  lines: PropertyLine[];
}

/** The object of this alias and name in the table; made when it is not there yet. */
export function openObject(
  table: Map<string, OpenObject>,
  domain: string,
  alias: string,
  name: string,
  origin: Origin,
): OpenObject {
  const known = kindOfAlias(alias);
  const kind = known?.name ?? alias;
  const key = objectKey(kind, name);
  let object = table.get(key);
  if (object === undefined) {
    const own = known?.alias ?? alias;
    object = { domain, alias: own, kind, name, origin, enabled: true, lines: [] };
    table.set(key, object);
  }
  return object;
}

/** What an object was at one moment. */
export interface ObjectState {
  readonly key: string;
  /** Undefined when it was not there. */
  readonly object: OpenObject | undefined;
  readonly lines: PropertyLine[];
  readonly enabled: boolean;
}

/** Remembers the object of this alias and name as it is now. */
export function objectState(
  table: ReadonlyMap<string, OpenObject>,
  alias: string,
  name: string,
): ObjectState {
  const key = objectKey(kindOfAlias(alias)?.name ?? alias, name);
  const object = table.get(key);
  return { key, object, lines: [...(object?.lines ?? [])], enabled: object?.enabled ?? true };
}

/** Puts an object back to what it was. */
export function restoreObject(table: Map<string, OpenObject>, state: ObjectState): void {
  if (state.object === undefined) {
    table.delete(state.key);
    return;
  }
  state.object.lines = state.lines;
  state.object.enabled = state.enabled;
  table.set(state.key, state.object);
}

/**
 * Puts one property line in force: a scalar replaces, a vector grows, `no` of a vector empties it,
 * or takes out the one entry that it names. Switches become `name` or `no name`.
 */
export function applyLine(object: OpenObject, written: PropertyLine): void {
  if (written.name === "admin-state") {
    object.enabled = !written.negated && !/^(disabled|off)$/.test(written.arguments[0] ?? "");
    return;
  }
  const property = catalogueProperty(object.alias, written.name);
  const line = property === undefined ? written : plainForm(property, written);
  const vector =
    property === undefined ? repeats(object.alias, line.name) : property.type === "List";
  if (!vector || line.negated) {
    const entry = vector && line.arguments.length > 0 ? line.arguments : undefined;
    object.lines = object.lines.filter(
      (earlier) =>
        earlier.name !== line.name || (entry !== undefined && !beginsWith(earlier, entry)),
    );
    if (vector) return;
  }
  object.lines.push(line);
}

/** `on` and `off` of a switch, and the short form of a load balancer's server, as saving has them. */
function plainForm(property: CatalogueProperty, line: PropertyLine): PropertyLine {
  const [value = "on"] = line.arguments;
  if (property.type === "Bool" && line.arguments.length <= 1 && line.children === undefined) {
    if (value === "on" || value === "off") {
      return { ...line, arguments: [], columns: [], negated: line.negated || value === "off" };
    }
  }
  if (property.elementType === "DmLBGroupMember" && line.arguments.length === 4) {
    const [server = "", weight = "", port = "", state = ""] = line.arguments;
    if (state === "enabled" || state === "disabled") {
      const [first = 0, second = 0, third = 0, last = 0] = line.columns ?? [];
      const columns = [first, second, third, last, last, last];
      return { ...line, arguments: [server, weight, port, "", "0", state], columns };
    }
  }
  return line;
}

function beginsWith(line: PropertyLine, values: readonly string[]): boolean {
  return values.every((value, at) => line.arguments[at] === value);
}

/** All properties back to their defaults. */
export function resetObject(object: OpenObject): void {
  object.lines = [];
  object.enabled = true;
}

/** The finished table. */
export function closedTable(
  table: ReadonlyMap<string, OpenObject>,
): ReadonlyMap<string, ConfigObject> {
  return new Map(table);
}

/** Statements outside the catalogue that may stand several times in one object. */
function repeats(alias: string, name: string): boolean {
  return !(alias === "mpgw" || alias === "source-http" || singleLines.has(name));
}

const singleLines: ReadonlySet<string> = new Set([
  "password-hashed",
  "password-encrypted",
  "memoization",
  "tx-warn",
  "forbid-external-references",
  "local-address",
  "remote-address",
]);
