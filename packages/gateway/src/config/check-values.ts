import { fieldsOfType, isBitmap, kindNamed } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";
import { isSavedPhase } from "../plan/aaa/saved-phase.ts";
import type { ConfigObject, Origin, PropertyLine } from "./model.ts";
import { isWhole, regularLines } from "./values.ts";

/** One value that the catalogue does not allow, with its place. */
export interface ValueProblem {
  readonly origin: Origin;
  readonly property: string;
  readonly message: string;
}

/** Choices of older firmware that saved files still make, and that mean nothing else by now. */
const olderValues: Readonly<Record<string, readonly string[]>> = {
  "ssl-client-type": ["proxy"],
  "mc-ssl-client-type": ["proxy"],
  "ssl-config-type": ["proxy"],
  // control-list
  type: ["blacklist", "whitelist"],
  // the profiles of ssh
  ciphers: [
    ..."AES128-CBC AES192-CBC AES256-CBC BLOWFISH-CBC CAST128-CBC 3DES-CBC".split(" "),
    ..."ARCFOUR ARCFOUR128 ARCFOUR256 RIJNDAEL-CBC_AT_LYSATOR.LIU.SE".split(" "),
  ],
  "kex-alg": ["DIFFIE-HELLMAN-GROUP14-SHA1", "DIFFIE-HELLMAN-GROUP-EXCHANGE-SHA1"],
  "mac-alg": [
    ..."HMAC-SHA1 HMAC-SHA1-96 HMAC-MD5 HMAC-MD5-96 HMAC-RIPEMD160".split(" "),
    ..."UMAC-64_AT_OPENSSH.COM UMAC-64-ETM_AT_OPENSSH.COM HMAC-SHA1-ETM_AT_OPENSSH.COM".split(" "),
  ],
};

/** Objects of which `olderValues` may be true. */
const olderKinds: Readonly<Record<string, RegExp>> = {
  type: /^ControlList$/,
  ciphers: /^SSH/,
  "kex-alg": /^SSH/,
  "mac-alg": /^SSH/,
};

/**
 * Holds every property line of an object against the catalogue: whole numbers and their ranges,
 * choices, lengths, switches of bitmaps, the fields of complex values.
 */
export function checkValues(object: ConfigObject): ValueProblem[] {
  const kind = kindNamed(object.kind);
  if (kind === undefined) return [];
  const problems: ValueProblem[] = [];
  for (const line of regularLines(object)) {
    const property = kind.properties.get(line.name);
    if (property === undefined || line.negated || isOlder(object, line)) continue;
    // its words are not in the order of the catalogue
    if (isSavedPhase(object, line)) continue;
    checkLine(property, line, (at, message) => {
      const column = line.columns?.[at] ?? line.origin.column;
      const origin = { ...line.origin, ...(column === undefined ? {} : { column }) };
      problems.push({ origin, property: line.name, message: `${line.name}: ${message}` });
    });
  }
  return problems;
}

function isOlder({ kind }: ConfigObject, { name, arguments: words }: PropertyLine): boolean {
  if (!Object.hasOwn(olderValues, name) || olderKinds[name]?.test(kind) === false) return false;
  return words.every((word) => olderValues[name]!.includes(word));
}

type Report = (argument: number, message: string) => void;

function checkLine(property: CatalogueProperty, line: PropertyLine, report: Report): void {
  const type = property.valueType ?? property.elementType;
  const fields = type === undefined ? undefined : fieldsOfType(type);
  if (type !== undefined && fields !== undefined) {
    if (isBitmap(type)) checkSwitches(fields, line, report);
    else checkFields(fields, line, report);
    return;
  }
  if (property.type === "Bool" && line.arguments.length === 0) return;
  for (const [at, text] of line.arguments.entries()) checkText(property, text, at, report);
}

function checkFields(
  fields: readonly CatalogueProperty[],
  line: PropertyLine,
  report: Report,
): void {
  for (const child of line.children ?? []) {
    const field = fields.find(({ cli, name }) => (cli ?? name) === child.name);
    if (field === undefined || child.negated) continue;
    checkLine(field, child, (_, message) => report(-1, `${child.name}: ${message}`));
  }
  for (const [at, text] of line.arguments.entries()) {
    const field = fields[at];
    if (field === undefined) report(at, `more than ${fields.length} values`);
    if (field === undefined) return;
    if (text === "") continue;
    const type = field.valueType;
    if (type === undefined) checkText(field, text, at, (_, why) => report(at, why));
  }
}

function checkSwitches(
  fields: readonly CatalogueProperty[],
  line: PropertyLine,
  report: Report,
): void {
  for (const [at, text] of line.arguments.entries()) {
    for (const name of text.split("+")) {
      if (name !== "" && !fields.some((field) => field.name === name)) {
        report(at, `"${name}" is not one of ${fields.map((field) => field.name).join(", ")}`);
      }
    }
  }
}

function checkText(property: CatalogueProperty, text: string, at: number, report: Report): void {
  if (property.type === "Int64") checkNumber(property, text, at, report);
  else if (property.type === "Bool") {
    if (!/^(?:on|off|yes|no|true|false|enabled|disabled|0|1)$/.test(text)) {
      report(at, `"${text}" is neither on nor off`);
    }
  } else if (property.values !== undefined && text !== "" && !property.values.includes(text)) {
    const shown = property.values.slice(0, 12).join(", ");
    report(at, `"${text}" is not one of ${shown}${property.values.length > 12 ? ", …" : ""}`);
  } else if (property.maxLength !== undefined && [...text].length > property.maxLength) {
    report(at, `longer than ${property.maxLength} characters`);
  }
}

function checkNumber(property: CatalogueProperty, text: string, at: number, report: Report): void {
  if (text === "") return;
  if (!isWhole(text)) {
    report(at, `"${text}" is not a whole number`);
    return;
  }
  const value = Number(text);
  const isDefault = value === property.default || (value === 0 && property.default === undefined);
  if (isDefault) return;
  const { min, max } = property;
  const below = min !== undefined && value < min;
  if (below || (max !== undefined && value > max)) {
    report(at, `${text} is not between ${min ?? 0} and ${max ?? "any number"}`);
  }
}
