import { shownValue } from "./shown-value.ts";

/**
 * The text of a console call: `%`-directives (%s %S %d %i %f %e %E %u %c %o %O %x %X %b %j, `%1$d` by
 * position, `%%`) take arguments of the first text; what is left is appended.
 */
export function formatText(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string") return values.map(shown).join(" ");
  // as in Node a text alone is no format
  return rest.length === 0 ? first : formatted(first, rest);
}

/** The text of `sprintf`, whose first value is always a format. */
export function sprintfText([first, ...rest]: readonly unknown[]): string {
  return formatted(typeof first === "string" ? first : shown(first), rest);
}

function formatted(first: string, rest: readonly unknown[]): string {
  let next = 0;
  const used = new Set<number>();
  const text = first.replace(
    /%(?:(%)|(?:(\d+)\$)?([sSdifeEucoOxXbj]))/g,
    (directive, percent: string | undefined, position: string | undefined, type: string) => {
      if (percent !== undefined) return "%";
      const index = position === undefined ? next++ : Number(position) - 1;
      if (index < 0 || index >= rest.length) return directive;
      used.add(index);
      return directiveText(type, rest[index]);
    },
  );
  const left = rest.filter((_, index) => !used.has(index) && index >= next);
  return [text, ...left.map(shown)].join(" ");
}

function directiveText(type: string, value: unknown): string {
  switch (type) {
    case "d":
      return numberText(value, numberOf);
    case "f":
      return plainNumber(parsed(value, Number.parseFloat));
    case "i":
      return numberText(value, (each) => parsed(each, Number.parseInt));
    case "u":
      return String(whole(value) >>> 0);
    case "e":
      return numberOf(value).toExponential();
    case "E":
      return numberOf(value).toExponential().toUpperCase();
    case "S":
      return shown(value).toUpperCase();
    case "O":
      return shownValue(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
    case "c":
      return characterOf(whole(value));
    case "o":
      return typeof value === "number" ? value.toString(8) : shown(value);
    case "x":
      return whole(value).toString(16);
    case "X":
      return whole(value).toString(16).toUpperCase();
    case "b":
      return whole(value).toString(2);
    case "j":
      return jsonText(value);
    default:
      return shown(value);
  }
}

/** As `util.format` writes numbers: with the sign of zero, big integers with their mark. */
function numberText(value: unknown, read: (value: unknown) => number): string {
  return typeof value === "bigint" ? `${value}n` : plainNumber(read(value));
}

function plainNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A value as a number; NaN for what is none and for what cannot become one. */
function numberOf(value: unknown): number {
  try {
    return Number(value);
  } catch {
    return Number.NaN;
  }
}

function whole(value: unknown): number {
  return Math.trunc(numberOf(value));
}

/** The number with which a text begins. */
function parsed(value: unknown, parse: (text: string) => number): number {
  try {
    return parse(String(typeof value === "symbol" ? "" : value));
  } catch {
    return Number.NaN;
  }
}

/** Throws what a `toJSON` of the value throws. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "undefined";
  } catch (error) {
    if (!/circular structure/.test((error as Error).message)) throw error;
    return "[Circular]";
  }
}

/** The character of a code point; NUL for what is none, the replacement character beyond Unicode. */
function characterOf(codePoint: number): string {
  if (!(codePoint > 0)) return "\0";
  return codePoint > 0x10ffff ? "\uFFFD" : String.fromCodePoint(codePoint);
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? value
    : shownValue(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
}
