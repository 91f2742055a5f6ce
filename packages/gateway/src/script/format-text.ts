import { shownValue } from "./shown-value.ts";

/**
 * The text of a console call: `%`-directives (%s %d %i %f %e %u %c %o %x %X %b %j, `%1$d` by
 * position, `%%`) take arguments of the first text; what is left is appended.
 */
export function formatText(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string") return values.map(shown).join(" ");
  let next = 0;
  const used = new Set<number>();
  const text = first.replace(
    /%(?:(%)|(?:(\d+)\$)?([sdifeucoxXbj]))/g,
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
    case "f":
      return String(Number(value));
    case "i":
      return String(Math.trunc(Number(value)));
    case "u":
      return String(Math.trunc(Number(value)) >>> 0);
    case "e":
      return Number(value).toExponential();
    case "c":
      return characterOf(Math.trunc(Number(value)));
    case "o":
      return typeof value === "number" ? value.toString(8) : shown(value);
    case "x":
      return Math.trunc(Number(value)).toString(16);
    case "X":
      return Math.trunc(Number(value)).toString(16).toUpperCase();
    case "b":
      return Math.trunc(Number(value)).toString(2);
    case "j":
      return JSON.stringify(value) ?? "undefined";
    default:
      return shown(value);
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
