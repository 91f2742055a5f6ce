import { fieldsOfType, isBitmap, kindNamed } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";
import type { ConfigObject, PropertyLine } from "./model.ts";

/** A property's value with the type that the catalogue gives it; a bitmap is the list of what is on. */
export type Value =
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [field: string]: Value };

/** Fields of a match rule by the older word that sets them; each line is one entry of `match`. */
export const matchWords: Readonly<Record<string, readonly [type: string, ...fields: string[]]>> = {
  urlmatch: ["url", "Url"],
  fullurlmatch: ["fullyqualifiedurl", "Url"],
  hostmatch: ["host", "Url"],
  httpmatch: ["http", "HttpTag", "HttpValue"],
  errorcode: ["errorcode", "ErrorCode"],
  xpathmatch: ["xpath", "XPATHExpression"],
  methodmatch: ["method", "Method", "CustomMethod"],
};

/**
 * Every property in force, by command word: what is set, else the catalogue's default. Properties
 * that are neither set nor have a default are left out, as are empty texts and empty lists. Lines
 * that the catalogue does not know come as lists of their words.
 */
export function effectiveValues(object: ConfigObject): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const properties = kindNamed(object.kind)?.properties ?? new Map<string, CatalogueProperty>();
  const known = new Map<string, PropertyLine[]>();
  for (const line of regularLines(object)) {
    if (isEmptyHint(object, line)) continue;
    const lines = known.get(line.name);
    if (lines === undefined) known.set(line.name, [line]);
    else lines.push(line);
  }
  for (const [word, property] of properties) {
    if (word === "admin-state") continue;
    const lines = known.get(word);
    known.delete(word);
    keep(values, word, lines === undefined ? defaultOf(property) : valueOfLines(property, lines));
  }
  for (const [word, lines] of known) {
    const words = lines.map((line) => (line.negated ? ["no"] : wordsOf(line)));
    keep(values, word, words.length === 1 ? words[0]! : words);
  }
  return values;
}

/** `ssl-client-type proxy` without a proxy profile: older firmware wrote it everywhere. */
function isEmptyHint({ lines }: ConfigObject, { name, arguments: [value] }: PropertyLine): boolean {
  if (name !== "ssl-client-type" || value !== "proxy") return false;
  return !lines.some((other) => other.name === "ssl" && !other.negated);
}

/** What the catalogue gives a property that nothing sets. */
export function defaultOf(property: CatalogueProperty): Value | undefined {
  if (property.valueType !== undefined && isBitmap(property.valueType)) {
    if (typeof property.default === "string") return switchNames([property.default]);
    const fields = fieldsOfType(property.valueType) ?? [];
    return fields.filter((field) => field.default === true).map(({ name }) => name);
  }
  if (property.default === undefined && property.type === "Bool") return false;
  return property.default;
}

/** The lines of an object in the words of the catalogue: older words are put into its form. */
export function regularLines(object: ConfigObject): readonly PropertyLine[] {
  const matching = object.kind === "Matching";
  return object.lines.flatMap((line) => {
    const word = matching && !line.negated ? matchWords[line.name] : undefined;
    if (word !== undefined) {
      const [type, ...fields] = word;
      return [{ ...line, name: "match", arguments: matchArguments(type, fields, line.arguments) }];
    }
    if (object.kind === "HTTPUserAgent") {
      return [{ ...line, arguments: policyArguments(line.name, line.arguments) }];
    }
    const properties = kindNamed(object.kind)?.properties;
    const host = properties?.has("ip-address") ? "ip-address" : "local-address";
    if (line.name === "local-address" && !properties?.has(line.name) && host !== line.name) {
      if (line.arguments.length === 1) return [{ ...line, name: host }];
    }
    if (line.name === "local-address" && line.arguments.length === 2) {
      const [address = "", port = ""] = line.arguments;
      return [
        { ...line, name: host, arguments: [address] },
        { ...line, name: "port", arguments: [port] },
      ];
    }
    return [line];
  });
}

/** `proxy PATTERN none|HOST PORT` and `ssl PATTERN "" client NAME` in the fields of the catalogue. */
function policyArguments(name: string, given: readonly string[]): readonly string[] {
  const [pattern = "", first = "", ...rest] = given;
  if (name === "proxy" && first === "none") return [pattern, "on"];
  if (name === "proxy" && first !== "on" && first !== "off")
    return [pattern, "off", first, ...rest];
  return name === "ssl" && first === "" && rest.length > 0 ? [pattern, ...rest] : given;
}

/** The fields of a complex value that stands on one line, or in a mode of its own, by name. */
export function recordOf(type: string, line: PropertyLine): { readonly [field: string]: Value } {
  const fields = fieldsOfType(type) ?? [];
  const record: Record<string, Value> = {};
  for (const [at, field] of fields.entries()) {
    const children = line.children?.filter(({ name }) => name === (field.cli ?? field.name));
    const text = line.children === undefined ? line.arguments[at] : undefined;
    const value =
      children !== undefined && children.length > 0
        ? valueOfLines(field, children)
        : text === undefined || text === ""
          ? defaultOf(field)
          : scalar(field, text);
    if (value !== undefined && value !== "") record[field.name] = value;
  }
  return record;
}

function valueOfLines(
  property: CatalogueProperty,
  lines: readonly PropertyLine[],
): Value | undefined {
  if (property.type === "List") {
    const type = property.elementType ?? "String";
    if (fieldsOfType(type) !== undefined) return lines.map((line) => recordOf(type, line));
    return lines.flatMap((line) => line.arguments);
  }
  const line = lines.at(-1)!;
  const [text = ""] = line.arguments;
  if (property.valueType !== undefined) {
    if (isBitmap(property.valueType)) return line.negated ? [] : switchNames(line.arguments);
    return line.negated ? undefined : recordOf(property.valueType, line);
  }
  if (property.type === "Bool") {
    return !line.negated && !["off", "no", "false", "disabled"].includes(text);
  }
  if (line.negated) return undefined;
  return scalar(property, line.arguments.length > 1 ? line.arguments.join(" ") : text);
}

/** The words of an older match line in the order of the fields of a match rule. */
function matchArguments(
  type: string,
  names: readonly string[],
  texts: readonly string[],
): readonly string[] {
  const fields = fieldsOfType("DmMatchRule") ?? [];
  return fields.map(({ name }) => {
    if (name === "Type") return type;
    const at = names.indexOf(name);
    return at < 0 ? "" : (texts[at] ?? "");
  });
}

function scalar(property: CatalogueProperty, text: string): Value {
  if (property.type === "Bool") return ["on", "yes", "true", "enabled", "1"].includes(text);
  if (property.type === "Int64") return isWhole(text) ? Number(text) : text;
  return text;
}

/** Decimal, or hexadecimal with 0x. */
export function isWhole(text: string): boolean {
  return /^(?:-?\d+|0x[0-9a-f]+)$/i.test(text);
}

function switchNames(texts: readonly string[]): readonly string[] {
  return texts
    .flatMap((text) => text.split("+"))
    .filter((name) => name !== "")
    .sort();
}

function wordsOf(line: PropertyLine): Value {
  const { children } = line;
  if (children === undefined) return [...line.arguments];
  return children.map((child) => [child.negated ? "no" : child.name, ...child.arguments]);
}

function keep(values: Map<string, Value>, word: string, value: Value | undefined): void {
  if (value === undefined || value === "") return;
  if (Array.isArray(value) && value.length === 0) return;
  values.set(word, value);
}
