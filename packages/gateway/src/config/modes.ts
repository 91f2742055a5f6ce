import { fieldsOfType, isBitmap } from "../catalogue.ts";
import type { Origin, PropertyLine } from "./model.ts";
import type { ObjectState, OpenObject } from "./object-table.ts";
import type { Words } from "./one-line.ts";
import { catalogueProperty } from "./vocabulary.ts";

/** Inside an object. */
export interface ObjectMode {
  readonly type: "object";
  readonly object: OpenObject;
  readonly origin: Origin;
  /** The object before this mode, for `cancel`. */
  readonly before: ObjectState;
}

/** What the statements of a file are read as: the top of the stack of modes. */
export type Mode =
  | { readonly type: "global" }
  | { readonly type: "crypto"; readonly origin: Origin }
  | { readonly type: "ignored"; readonly word: string; readonly origin: Origin }
  | ObjectMode
  | {
      readonly type: "sub";
      readonly parent: ObjectMode;
      readonly name: string;
      readonly origin: Origin;
      readonly children: PropertyLine[];
    };

/** Words that only the global mode has. */
export function isStructural(word: string): boolean {
  return ["top", "configure", "crypto", "exec", "diag", "documentcache"].includes(word);
}

/** `configure terminal`, or a beginning of it. */
export function isConfigure(words: readonly string[]): boolean {
  const [first = "", second = "terminal"] = words;
  const named = first.length >= 2 && "configure".startsWith(first);
  return named && words.length <= 2 && second !== "" && "terminal".startsWith(second);
}

/** True when a property without arguments opens a mode of its own. */
export function opensSubMode(alias: string, word: string): boolean {
  const property = catalogueProperty(alias, word);
  const type = property?.valueType ?? property?.elementType;
  if (type === undefined || type === "String") return false;
  return fieldsOfType(type) !== undefined && !isBitmap(type);
}

/** In `crypto` mode these stand on one line, so that an `exit` after them is the mode's own. */
export function exitClosesCrypto(alias: string): boolean {
  return ["key", "certificate", "sskey", "idcred", "profile", "fwcred", "crl"].includes(alias);
}

/** A property statement as it was written. */
export function propertyLine(words: Words, known: boolean): PropertyLine {
  const { texts, columns, origin } = words;
  const negated = texts[0] === "no" && texts.length > 1;
  const from = negated ? 1 : 0;
  return {
    name: texts[from]!,
    arguments: texts.slice(from + 1),
    columns: columns.slice(from + 1),
    negated,
    origin,
    known,
  };
}

/** `alias "name"`, or the alias alone for a singleton. */
export function objectLabel(object: OpenObject): string {
  return object.name === object.alias ? object.alias : `${object.alias} "${object.name}"`;
}

/** A mode that a whole file has closed at its end. */
export type OpenMode = Exclude<Mode, { type: "global" }>;

/** True for a mode that has to be closed. */
export function isOpenMode(mode: Mode): mode is OpenMode {
  return mode.type !== "global";
}

/** How a fault names what is open. */
export function modeLabel(mode: OpenMode): string {
  switch (mode.type) {
    case "object":
      return objectLabel(mode.object);
    case "sub":
      return `${mode.name} of ${objectLabel(mode.parent.object)}`;
    case "crypto":
      return "crypto";
    case "ignored":
      return mode.word;
  }
}
