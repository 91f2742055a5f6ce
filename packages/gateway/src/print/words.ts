import { isBitmap } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";

/** A text in quotes, with the two escapes that there are. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A text as it is when it reads back as one word, else in quotes. */
export function wordText(text: string): string {
  return /^[A-Za-z0-9_./:@+-]+$/.test(text) ? text : quoted(text);
}

/** Numbers, choices and references bare, texts, bitmaps and parts of complex values in quotes. */
export function argumentText(property: CatalogueProperty | undefined, text: string): string {
  if (property === undefined) return quoted(text);
  const plain =
    property.type === "Int64" ||
    property.type === "Bool" ||
    property.values !== undefined ||
    property.refersTo !== undefined;
  const complex = property.valueType !== undefined && !isBitmap(property.valueType);
  return plain && !complex ? wordText(text) : quoted(text);
}
