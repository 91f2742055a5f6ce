import { nearestWord } from "@lithify/fault";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { ManifestPlace } from "../access/manifest-place.ts";
import { launchFault } from "./launch-fault.ts";

/** Bytes of a manifest that are read at most. */
export const manifestSizeLimit = 1024 * 1024;

/** Fields of one manifest that are looked at, aliases counted as often as they are used. */
export const manifestFieldLimit = 100_000;

/** Aliases of aliases that are followed, and merge keys in merged mappings. */
const aliasDepth = 20;

/** The documents of a YAML (or JSON) text that hold anything. Throws Fault LAUNCH_INVALID with the place. */
export function yamlFields(text: string, file: string): readonly YamlField[] {
  const start = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > manifestSizeLimit) {
    throw launchFault(start, `it is larger than ${manifestSizeLimit} bytes`);
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    version: "1.2",
    logLevel: "silent",
  });
  const reader: Reader = { file, lines, left: { fields: manifestFieldLimit } };
  const list: readonly Document[] = Array.isArray(documents) ? documents : [];
  return list.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const why = error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/u, "") ?? "";
      throw launchFault(placeAt(reader, error.pos[0]), `it is not well-formed YAML: ${why}`);
    }
    if (document.contents === null || isNull(document.contents)) return [];
    return [new YamlField(reader, document, document.contents, document.contents, "the document")];
  });
}

interface Reader {
  readonly file: string;
  readonly lines: LineCounter;
  readonly left: { fields: number };
}

/** One value of a YAML document, with its place and its name for faults. Reading it as something else than it is throws Fault LAUNCH_INVALID. */
export class YamlField {
  readonly name: string;
  readonly #reader: Reader;
  readonly #document: Document;
  readonly #node: Node | null;
  readonly #written: Node;

  constructor(reader: Reader, document: Document, node: Node | null, written: Node, name: string) {
    this.#reader = reader;
    this.#document = document;
    this.#written = written;
    this.name = name;
    reader.left.fields -= 1;
    if (reader.left.fields < 0) {
      throw this.wrong(`there are more than ${manifestFieldLimit} fields, aliases followed`);
    }
    this.#node = node === null ? null : this.#behind(node);
  }

  get place(): ManifestPlace {
    return placeAt(this.#reader, this.#written.range?.[0] ?? 0);
  }

  get isNull(): boolean {
    return isNull(this.#node);
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  /** The value of a key, merge keys followed; undefined where it is not there or null. */
  at(key: string): YamlField | undefined {
    const pair = this.#find(this.#map(), key, 0);
    if (pair === undefined || pair.value === null) return undefined;
    const field = this.#child(pair.value, pair.key, `${this.#prefix()}${key}`);
    return field.isNull ? undefined : field;
  }

  /** Keys and values in order, merge keys followed, each key once. */
  entries(): readonly (readonly [string, YamlField])[] {
    const found = new Map<string, YamlField>();
    this.#collect(this.#map(), found, 0);
    return [...found];
  }

  items(): readonly YamlField[] {
    if (!isSeq(this.#node)) throw this.wrong(`${this.name} must be a list`);
    return this.#node.items.map((item, index) => this.#child(item, item, `${this.name}[${index}]`));
  }

  /** A text; a number that is written without quotes is none. */
  text(): string {
    if (isScalar(this.#node) && typeof this.#node.value === "string") return this.#node.value;
    throw this.wrong(`${this.name} must be a text`);
  }

  /** A text, number or truth value, as it is written. */
  word(): string {
    const node = this.#node;
    if (isScalar(node)) {
      if (typeof node.value === "string") return node.value;
      if (typeof node.value === "number" || typeof node.value === "boolean") {
        return node.source ?? String(node.value);
      }
    }
    throw this.wrong(`${this.name} must be a text or a number`);
  }

  truth(): boolean {
    if (isScalar(this.#node) && typeof this.#node.value === "boolean") return this.#node.value;
    throw this.wrong(`${this.name} must be true or false`);
  }

  /** An id: a whole number from 0 to 2³¹ − 1, without leading zeros, which programs read in different ways. */
  id(): number {
    const node = this.#node;
    const source = isScalar(node) && typeof node.value === "number" ? (node.source ?? "") : "";
    if (/^(?:0|[1-9]\d{0,9})$/u.test(source) && Number(source) < 2 ** 31) return Number(source);
    throw this.wrong(`${this.name} must be a whole number from 0 to ${2 ** 31 - 1}`);
  }

  /** Throws for a key that is not among `keys`; keys that begin with `prefix` pass. */
  allow(keys: readonly string[], prefix?: string): void {
    for (const [key, value] of this.entries()) {
      if (keys.includes(key) || (prefix !== undefined && key.startsWith(prefix))) continue;
      const near = nearestWord(key, keys);
      throw value.wrong(
        `${this.name} has the unknown key ${key}`,
        near === undefined ? undefined : `Did you mean ${near}?`,
      );
    }
  }

  wrong(why: string, hint?: string): Error {
    return launchFault(this.place, why, hint);
  }

  #prefix(): string {
    return this.name === "the document" ? "" : `${this.name}.`;
  }

  #map(): YAMLMap {
    if (isMap(this.#node)) return this.#node as YAMLMap;
    throw this.wrong(`${this.name} must be keys with values`);
  }

  #child(value: unknown, written: unknown, name: string): YamlField {
    const node = value as Node | null;
    const place = (node?.range == null ? written : node) as Node;
    return new YamlField(this.#reader, this.#document, node, place ?? this.#written, name);
  }

  #behind(node: Node): Node | null {
    let at: Node | undefined = node;
    for (let depth = 0; depth <= aliasDepth; depth += 1) {
      if (!isAlias(at)) return at ?? null;
      at = at.resolve(this.#document) as Node | undefined;
      if (at === undefined) throw this.wrong("an alias names an anchor that is not there");
    }
    throw this.wrong(`more than ${aliasDepth} aliases of aliases`);
  }

  #find(map: YAMLMap, key: string, depth: number): Pair | undefined {
    const own = map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
    if (own !== undefined) return own as Pair;
    for (const merged of this.#merged(map, depth)) {
      const found = this.#find(merged, key, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #collect(map: YAMLMap, found: Map<string, YamlField>, depth: number): void {
    for (const { key, value } of map.items) {
      const word = isScalar(key) ? String(key.value) : undefined;
      if (word === undefined) throw this.wrong(`${this.name} has a key that is no text`);
      if (word === "<<" || found.has(word)) continue;
      found.set(word, this.#child(value, key, `${this.#prefix()}${word}`));
    }
    for (const merged of this.#merged(map, depth)) this.#collect(merged, found, depth + 1);
  }

  /** What `<<` names: a mapping, or a list of them, the first before the others. */
  #merged(map: YAMLMap, depth: number): readonly YAMLMap[] {
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === "<<");
    if (pair === undefined) return [];
    if (depth > aliasDepth) throw this.wrong(`merge keys go deeper than ${aliasDepth}`);
    const value = this.#behind(pair.value as Node);
    const parts = isSeq(value) ? value.items.map((item) => this.#behind(item as Node)) : [value];
    this.#reader.left.fields -= parts.length;
    return parts.map((part) => {
      if (isMap(part)) return part as YAMLMap;
      throw this.wrong(`${this.name} merges what is no mapping`);
    });
  }
}

function isNull(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function placeAt({ file, lines }: Reader, offset: number): ManifestPlace {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}
