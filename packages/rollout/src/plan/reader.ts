import { Fault, nearestWord, type Place } from "@lithify/fault";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** A node of the plan's YAML together with where it is and what it is called. */
export interface Reader {
  readonly node: Node | null;
  /** As in `steps[2].setWeight`. */
  readonly path: string;
  readonly at: (node: Node | null) => Place;
}

const maxBytes = 64 * 1024;

/** @throws Fault PLAN_INVALID with place, for text that is not YAML */
export function readYaml(text: string, file: string): Reader {
  const lines = new LineCounter();
  const at = (node: Node | null): Place => placeOf(node?.range?.[0] ?? 0, lines, file);
  if (Buffer.byteLength(text) > maxBytes) {
    throw new Fault("PLAN_INVALID", `the plan ${file}`, {
      why: `it is longer than ${maxBytes} bytes`,
      place: { file, line: 1 },
    });
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Fault("PLAN_INVALID", `the plan ${file}`, {
      why: error.message,
      place: placeOf(error.pos[0], lines, file),
    });
  }
  return { node: document.contents as Node | null, path: "", at };
}

export function invalid(reader: Reader, why: string, hint?: string): Fault {
  const what = reader.path === "" ? "the plan" : `\`${reader.path}\` of the plan`;
  return new Fault("PLAN_INVALID", what, {
    why,
    place: reader.at(reader.node),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The entries of a map, whose keys must all be among `known`. */
export function fields<K extends string>(
  reader: Reader,
  known: readonly K[],
): { readonly [key in K]?: Reader } {
  if (!isMap(reader.node)) throw invalid(reader, `it must have fields: ${known.join(", ")}`);
  const found: { [key in K]?: Reader } = {};
  for (const pair of reader.node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    const child = {
      node: (pair.value as Node | null) ?? (pair.key as Node),
      path: reader.path === "" ? key : `${reader.path}.${key}`,
      at: reader.at,
    };
    if (!isOneOf(key, known)) {
      const near = nearestWord(key, known);
      throw invalid(
        { ...child, node: pair.key as Node },
        "there is no such field",
        near === undefined
          ? `The fields here are ${known.join(", ")}.`
          : `Did you mean \`${near}\`?`,
      );
    }
    found[key] = child;
  }
  return found;
}

export function items(reader: Reader, most: number): readonly Reader[] {
  if (!isSeq(reader.node)) throw invalid(reader, "it must be a list");
  if (reader.node.items.length > most) throw invalid(reader, `it has more than ${most} entries`);
  return reader.node.items.map((item, i) => ({
    node: item as Node,
    path: `${reader.path}[${i}]`,
    at: reader.at,
  }));
}

export function isMapping(reader: Reader): boolean {
  return isMap(reader.node);
}

/** A text; numbers are taken as they are written. */
export function text(reader: Reader): string {
  const value = isScalar(reader.node) ? reader.node.value : undefined;
  if (typeof value !== "string" && typeof value !== "number") {
    throw invalid(reader, "it must be a text");
  }
  return String(value);
}

export function wholeNumber(reader: Reader, from: number, to: number): number {
  const value = number(reader);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw invalid(reader, `it must be a whole number from ${from} to ${to}`);
}

export function number(reader: Reader): number {
  const value = isScalar(reader.node) ? reader.node.value : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw invalid(reader, "it must be a number");
  }
  return value;
}

/** `5%` or `0.05`, as a fraction of 1. */
export function share(reader: Reader): number {
  const written = text(reader);
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(written);
  if (match === null) throw invalid(reader, `${written} is not a share`, "Write it as in `5%`.");
  const value = Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (value > 1) {
    const hint = match[2] === "%" ? "No more than `100%`." : `Did you mean \`${written}%\`?`;
    throw invalid(reader, `${written} is more than the whole`, hint);
  }
  return value;
}

const unitsOfTime: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** `500ms`, `30s`, `10m`, `2h`, `1d`, in milliseconds; more than 0, at most 30 days. */
export function duration(reader: Reader): number {
  const written = text(reader);
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(written);
  const value = Number(match?.[1]) * (unitsOfTime[match?.[2] ?? ""] ?? Number.NaN);
  if (value > 0 && value <= 30 * 864e5) return value;
  throw invalid(
    reader,
    `${written} is not a time`,
    "Write it as in `500ms`, `30s`, `10m` or `2h`.",
  );
}

export function oneOf<W extends string>(reader: Reader, words: readonly W[]): W {
  const written = text(reader);
  if (isOneOf(written, words)) return written;
  const near = nearestWord(written, words);
  throw invalid(
    reader,
    `it must be one of ${words.join(", ")}`,
    near === undefined ? undefined : `Did you mean \`${near}\`?`,
  );
}

function isOneOf<W extends string>(word: string, words: readonly W[]): word is W {
  return (words as readonly string[]).includes(word);
}

function placeOf(offset: number, lines: LineCounter, file: string): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}
