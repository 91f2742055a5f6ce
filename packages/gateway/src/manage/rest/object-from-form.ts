import { fieldsOfType, isBitmap, type Kind } from "../../catalogue.ts";
import type { CatalogueProperty } from "../../catalogue-entry.ts";
import { checkValues } from "../../config/check-values.ts";
import type { ConfigObject, Origin, PropertyLine } from "../../config/model.ts";
import { sha256Crypt } from "../../config/password-hash.ts";
import { matchWords } from "../../config/values.ts";

/** The object that a form gives, or every reason why it gives none. */
export type ReadObject = { readonly object: ConfigObject } | { readonly errors: readonly string[] };

/** Where the lines of an object come from that no file has. */
export const inMemory: Origin = { file: "(memory)", line: 1 };

/**
 * An object with the properties of a form put into it, by their names in the interface; what the
 * form does not name stays as it was in `before`.
 */
export function objectFromForm(
  kind: Kind,
  domain: string,
  name: string,
  form: Readonly<Record<string, unknown>>,
  before: ConfigObject | undefined,
  saltFor: () => string,
): ReadObject {
  const errors: string[] = [];
  const byName = new Map([...kind.properties.values()].map((each) => [each.name, each]));
  const state = form.mAdminState ?? (before?.enabled === false ? "disabled" : "enabled");
  if (state !== "enabled" && state !== "disabled") errors.push(`mAdminState: ${shown(state)}`);
  let lines = [...(before?.lines ?? [])];
  for (const [key, value] of Object.entries(form)) {
    if (notProperties.has(key)) continue;
    const made =
      kind.name === "User" && key === "Password"
        ? passwordLines(value, saltFor)
        : propertyLines(kind, byName.get(key), key, value);
    if (typeof made === "string") {
      errors.push(made);
      continue;
    }
    lines = withLines(lines, made);
  }
  const origin = before?.origin ?? inMemory;
  const enabled = state !== "disabled";
  const object = { domain, alias: kind.alias, kind: kind.name, name, origin, enabled, lines };
  errors.push(...checkValues(object).map(({ message }) => message));
  return errors.length === 0 ? { object } : { errors };
}

/** Members of an object that are no properties of it. */
const notProperties: ReadonlySet<string> = new Set(["name", "_links", "state", "mAdminState"]);

/** The lines that take the place of all lines of some words. */
interface MadeLines {
  readonly words: readonly string[];
  readonly lines: readonly PropertyLine[];
}

/** An address and its port on one line, as older files have them, stay on one line. */
function withLines(before: readonly PropertyLine[], { words, lines }: MadeLines): PropertyLine[] {
  const [made] = lines;
  const place = ["local-address", "port"].indexOf(words[0] ?? "");
  const both = before.find((each) => each.name === "local-address" && each.arguments.length === 2);
  if (place >= 0 && both !== undefined && made?.arguments.length === 1) {
    const texts = both.arguments.with(place, made.arguments[0]!);
    return before.map((each) => (each === both ? { ...each, arguments: texts } : each));
  }
  return [...before.filter(({ name }) => !words.includes(name)), ...lines];
}

/** A password is kept as its hash only. */
function passwordLines(value: unknown, saltFor: () => string): MadeLines | string {
  if (typeof value !== "string" || value === "") return "Password: it must be a text.";
  const hash = sha256Crypt(value, saltFor());
  if (hash === undefined) return "Password: it cannot be hashed.";
  return { words: ["password-hashed"], lines: [line("password-hashed", [hash])] };
}

function propertyLines(
  kind: Kind,
  property: CatalogueProperty | undefined,
  key: string,
  value: unknown,
): MadeLines | string {
  if (property?.cli === undefined) return `${kind.name} has no property "${key}".`;
  const lines = linesOf(property, value);
  if (typeof lines === "string") return `${key}: ${lines}`;
  if (property.elementType !== "DmMatchRule") return { words: [property.cli], lines };
  return { words: [property.cli, ...Object.keys(matchWords)], lines: lines.map(matchLine) };
}

/** A match rule in the words in which files have it. */
function matchLine(made: PropertyLine): PropertyLine {
  const names = (fieldsOfType("DmMatchRule") ?? []).map(({ name }) => name);
  const [type = ""] = made.arguments;
  const found = Object.entries(matchWords).find(([, [of]]) => of === type);
  if (found === undefined) return made;
  const [word, [, ...fields]] = found;
  return line(
    word,
    fields.map((field) => made.arguments[names.indexOf(field)] ?? ""),
  );
}

function linesOf(property: CatalogueProperty, value: unknown): readonly PropertyLine[] | string {
  const word = property.cli!;
  const type = property.valueType ?? property.elementType;
  const fields = type === undefined ? undefined : fieldsOfType(type);
  if (type !== undefined && fields !== undefined && isBitmap(type)) {
    return bitmapLines(word, fields, value);
  }
  const values = property.type === "List" && Array.isArray(value) ? value : [value];
  const made: PropertyLine[] = [];
  for (const each of values) {
    const own = fields === undefined ? plainLine(property, each) : complexLine(word, fields, each);
    if (typeof own === "string") return own;
    if (own !== undefined) made.push(own);
  }
  return made;
}

function bitmapLines(
  word: string,
  fields: readonly CatalogueProperty[],
  value: unknown,
): readonly PropertyLine[] | string {
  if (!isRecord(value)) return `${shown(value)} is not an object of on and off`;
  const unknown = Object.keys(value).find((key) => !fields.some(({ name }) => name === key));
  if (unknown !== undefined) return `there is no switch "${unknown}"`;
  const on = fields.filter(({ name }) => value[name] === "on").map(({ name }) => name);
  return [on.length === 0 ? line(word, [], true) : line(word, [on.join("+")])];
}

/** Undefined for an empty text: that is no value. */
function plainLine(property: CatalogueProperty, value: unknown): PropertyLine | string | undefined {
  const text = textOf(property, value);
  if (text === undefined) return `${shown(value)} is not a value of it`;
  if (property.type === "Bool") return line(property.cli!, [], text === "off");
  return text === "" ? undefined : line(property.cli!, [text]);
}

/** A complex value: on one line, or in a mode of its own when a field of it is complex itself. */
function complexLine(
  word: string,
  fields: readonly CatalogueProperty[],
  value: unknown,
): PropertyLine | string {
  if (!isRecord(value)) return `${shown(value)} is not an object`;
  const unknown = Object.keys(value).find((key) => !fields.some(({ name }) => name === key));
  if (unknown !== undefined) return `there is no field "${unknown}"`;
  const isFlat = fields.every(({ valueType, type }) => valueType === undefined && type !== "List");
  return isFlat ? flatLine(word, fields, value) : blockLine(word, fields, value);
}

function flatLine(
  word: string,
  fields: readonly CatalogueProperty[],
  value: Readonly<Record<string, unknown>>,
): PropertyLine | string {
  const texts: string[] = [];
  for (const field of fields) {
    const own = value[field.name] ?? field.default ?? "";
    const text = own === "" ? "" : textOf(field, own);
    if (text === undefined) return `${field.name}: ${shown(own)} is not a value of it`;
    texts.push(text);
  }
  return line(word, texts);
}

function blockLine(
  word: string,
  fields: readonly CatalogueProperty[],
  value: Readonly<Record<string, unknown>>,
): PropertyLine | string {
  const children: PropertyLine[] = [];
  for (const field of fields) {
    const own = value[field.name];
    if (own === undefined) continue;
    const made = linesOf({ ...field, cli: field.cli ?? field.name }, own);
    if (typeof made === "string") return `${field.name}: ${made}`;
    children.push(...made);
  }
  return { ...line(word, []), children };
}

/** A scalar as its word: references may come as `{value}`. Undefined for what it cannot be. */
function textOf(property: CatalogueProperty, value: unknown): string | undefined {
  const plain = isRecord(value) && "value" in value ? value.value : value;
  if (property.type === "Bool") {
    if (plain === "on" || plain === true) return "on";
    return plain === "off" || plain === false ? "off" : undefined;
  }
  if (typeof plain === "number") return String(plain);
  if (typeof plain !== "string" || /[\r\n\0]/.test(plain)) return undefined;
  return plain;
}

function line(name: string, texts: readonly string[], negated = false): PropertyLine {
  return { name, arguments: texts, negated, origin: inMemory, known: true };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}
