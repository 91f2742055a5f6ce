import { kindOfAlias } from "../catalogue.ts";
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
  const kind = kindOfAlias(alias)?.name ?? alias;
  const key = objectKey(kind, name);
  let object = table.get(key);
  if (object === undefined) {
    object = { domain, alias, kind, name, origin, enabled: true, lines: [] };
    table.set(key, object);
  }
  return object;
}

/** Puts one property line in force: a scalar replaces, a vector grows, `no` of a vector empties it. */
export function applyLine(object: OpenObject, line: PropertyLine): void {
  if (line.name === "admin-state") {
    object.enabled = line.arguments[0] !== "disabled";
    return;
  }
  const property = catalogueProperty(object.alias, line.name);
  const vector =
    property === undefined ? repeats(object.alias, line.name) : property.type === "List";
  if (!vector || line.negated) {
    object.lines = object.lines.filter((earlier) => earlier.name !== line.name);
    if (vector) return;
  }
  object.lines.push(line);
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
  return !(alias === "mpgw" || alias === "source-http" || name === "password-hashed");
}
