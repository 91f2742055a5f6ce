import { fieldsOfType, isBitmap, kindNamed } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";
import type { ConfigObject, PropertyLine } from "../config/model.ts";

/** What is in force for one property: the last line that sets it; undefined when none does. */
export function lineOf(object: ConfigObject, name: string): PropertyLine | undefined {
  return object.lines.findLast((line) => line.name === name);
}

/** Every line of a repeatable property, in order. */
export function linesOf(object: ConfigObject, name: string): readonly PropertyLine[] {
  return object.lines.filter((line) => line.name === name && !line.negated);
}

/** A property as text, or its default from the catalogue, or "". */
export function textOf(object: ConfigObject, name: string): string {
  const line = lineOf(object, name);
  if (line === undefined) return String(property(object, name)?.default ?? "");
  return line.negated ? "" : (line.arguments[0] ?? "");
}

/** A property as a number, or its default, or 0; NaN where the text is no number. */
export function numberOf(object: ConfigObject, name: string): number {
  const text = textOf(object, name);
  if (text === "") return 0;
  return /^(0x[0-9a-f]+|-?\d+)$/i.test(text) ? Number(text) : Number.NaN;
}

/** A toggle: `name`, `name on` and `name yes` are true, `no name` and `name off` are false. */
export function flagOf(object: ConfigObject, name: string): boolean {
  const line = lineOf(object, name);
  if (line === undefined) return property(object, name)?.default === true;
  return flagOfLine(line);
}

/** A bitmap `A+B+C` as the set of what is on; the type's defaults when nothing sets it. */
export function switchesOf(object: ConfigObject, name: string): ReadonlySet<string> {
  const line = lineOf(object, name);
  if (line !== undefined) return new Set(line.negated ? [] : splitSwitches(line));
  const type = property(object, name)?.valueType;
  const fields = type === undefined ? undefined : fieldsOfType(type);
  return new Set(fields?.filter((field) => field.default === true).map((field) => field.name));
}

/** One property that is set to something this gateway does not do, or does not know. */
export interface UnservedProperty {
  readonly line: PropertyLine;
  readonly why: string;
}

/**
 * The properties of an object that keep it from being served: everything that is neither in
 * `served` nor `inert` must be at its default, and a number must be one. `no` of an unknown property
 * asks for nothing.
 */
export function unservedProperties(
  object: ConfigObject,
  served: ReadonlySet<string>,
  inert: ReadonlySet<string>,
): UnservedProperty[] {
  const unserved: UnservedProperty[] = [];
  for (const line of object.lines) {
    if (isNoNumber(object, line)) {
      const why = `property "${line.name}" set to "${line.arguments[0]}" is no whole number`;
      unserved.push({ line, why });
      continue;
    }
    if (line.name === "summary" || served.has(line.name) || inert.has(line.name)) continue;
    if (!line.known) {
      if (!line.negated) unserved.push({ line, why: `property "${line.name}" is not known` });
    } else if (!isDefault(property(object, line.name), line)) {
      const value = line.negated ? "off" : line.arguments.join(" ") || "on";
      unserved.push({ line, why: `property "${line.name}" set to "${value}" is not served` });
    }
  }
  return unserved;
}

/** A number that is none would be no limit at all. */
function isNoNumber(object: ConfigObject, line: PropertyLine): boolean {
  if (line.negated || property(object, line.name)?.type !== "Int64") return false;
  return !/^(?:0x[0-9a-f]+|-?\d+)?$/i.test(line.arguments[0] ?? "");
}

function isDefault(described: CatalogueProperty | undefined, line: PropertyLine): boolean {
  if (line.children !== undefined) return false;
  const [value = ""] = line.arguments;
  if (described?.type === "Bool") return flagOfLine(line) === (described.default === true);
  if (line.negated || line.arguments.every((argument) => argument === "")) return true;
  if (described?.type === "Int64") return Number(value) === Number(described.default ?? 0);
  if (described?.valueType !== undefined && isBitmap(described.valueType)) {
    const defaults = fieldsOfType(described.valueType)?.filter((field) => field.default === true);
    const on = splitSwitches(line);
    return on.length === defaults?.length && defaults.every((field) => on.includes(field.name));
  }
  return value === String(described?.default ?? "");
}

function flagOfLine(line: PropertyLine): boolean {
  if (line.negated) return false;
  return !["off", "no", "false", "disabled"].includes(line.arguments[0] ?? "on");
}

function splitSwitches(line: PropertyLine): string[] {
  return line.arguments.flatMap((argument) => argument.split("+")).filter((name) => name !== "");
}

function property(object: ConfigObject, name: string): CatalogueProperty | undefined {
  return kindNamed(object.kind)?.properties.get(name);
}
