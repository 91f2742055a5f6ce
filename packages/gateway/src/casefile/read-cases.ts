import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Fault, type Place } from "@lithify/fault";
import { isMap, isNode, LineCounter, parseDocument } from "yaml";

/** What a message must look like. `body` is exact, `json` a subset, `pattern` a regular expression. */
export interface Expected {
  readonly status?: number;
  readonly method?: string;
  readonly path?: string;
  /** A text, a `/pattern/`, or null where the header must not be there. */
  readonly headers: ReadonlyMap<string, string | null>;
  readonly body?: string;
  readonly json?: unknown;
  readonly pattern?: string;
  readonly variables: ReadonlyMap<string, unknown>;
}

/** A message to send: a request, or the answer of a backend. */
export interface Message {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A backend that answers in place of the real one. */
export interface MockedBackend {
  /** The URL with `*` for any text. */
  readonly url: string;
  readonly answer: Message;
  readonly sent: Expected | undefined;
  /** How often it must be called; undefined for at least once. */
  readonly times: number | undefined;
  readonly place: Place;
}

/** One case: a request, what must come back, and what backends answer meanwhile. */
export interface GatewayCase {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  /** `domain/service`, a service's name, or a configured port; undefined for the only port. */
  readonly target: string | undefined;
  readonly request: Message;
  /** Files with what the client shows when it is asked for a certificate. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
  readonly expected: Expected;
  readonly backends: readonly MockedBackend[];
  /** The place of something inside the case: `["expected", "status"]`. */
  at(path: readonly (string | number)[]): Place;
}

/** Largest case file, in bytes. */
const largestFile = 4 * 1024 * 1024;

/** The cases of one file. Throws CASE_INVALID with the place of what is wrong. */
export function readCases(path: string, file = path): readonly GatewayCase[] {
  const counter = new LineCounter();
  const text = readFileSync(path, "utf8");
  if (text.length > largestFile) refuse("the file is larger than 4 MiB", { file, line: 1 });
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const placeOf = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [problem] = document.errors;
  if (problem !== undefined) refuse(problem.message.split("\n")[0]!, placeOf(problem.pos[0]));
  const at = (keys: readonly (string | number)[]): Place => {
    for (let length = keys.length; length > 0; length--) {
      const node = document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return placeOf(node.range[0]);
    }
    return placeOf(0);
  };
  if (!isMap(document.contents)) refuse("a case file is a map with `cases`", placeOf(0));
  const root = new Part(document.toJS({ maxAliasCount: 100 }) as unknown, [], at);
  root.only(["cases"]);
  return root.list("cases").map((part) => caseOf(part, file, dirname(path)));
}

function caseOf(part: Part, file: string, folder: string): GatewayCase {
  part.only(["name", "target", "client", "request", "expected", "backends"]);
  const name = part.text("name");
  if (name === undefined) refuse("a case needs a name", part.place());
  const request = part.child("request");
  const expected = part.child("expected");
  if (expected === undefined) refuse("a case needs `expected`", part.place());
  request?.only(["method", "path", "headers", "body", "json"]);
  return {
    name,
    file,
    place: part.place(),
    target: part.text("target"),
    request: messageOf(request),
    client: clientOf(part.child("client"), folder),
    expected: expectedOf(expected),
    backends: part.list("backends").map(backendOf),
    at: (path) => part.place(...path),
  };
}

function clientOf(part: Part | undefined, folder: string): GatewayCase["client"] {
  if (part === undefined) return undefined;
  part.only(["certificate", "key"]);
  const [certificate, key] = [part.text("certificate"), part.text("key")];
  if (certificate === undefined || key === undefined) {
    refuse("a client needs a certificate and a key", part.place());
  }
  return { certificate: resolve(folder, certificate), key: resolve(folder, key) };
}

function backendOf(part: Part): MockedBackend {
  part.only(["url", "answer", "sent", "times"]);
  const url = part.text("url");
  if (url === undefined) refuse("a backend needs a url", part.place());
  const answer = part.child("answer");
  answer?.only(["status", "headers", "body", "json"]);
  const sent = part.child("sent");
  return {
    url,
    answer: messageOf(answer),
    sent: sent === undefined ? undefined : expectedOf(sent),
    times: part.number("times"),
    place: part.place(),
  };
}

function messageOf(part: Part | undefined): Message {
  const json = part?.value("json");
  const headers = new Map<string, string>();
  for (const [name, value] of part?.entries("headers") ?? []) headers.set(name, String(value));
  const typed = [...headers.keys()].some((name) => name.toLowerCase() === "content-type");
  if (json !== undefined && !typed) headers.set("Content-Type", "application/json");
  return {
    status: part?.number("status") ?? 200,
    method: part?.text("method") ?? "GET",
    path: part?.text("path") ?? "/",
    headers,
    body: json === undefined ? (part?.text("body") ?? "") : JSON.stringify(json),
  };
}

function expectedOf(part: Part): Expected {
  part.only(["status", "method", "path", "headers", "body", "json", "pattern", "variables"]);
  const headers = new Map<string, string | null>();
  for (const [name, value] of part.entries("headers")) {
    headers.set(name, value === null ? null : String(value));
  }
  const pattern = part.text("pattern");
  if (pattern !== undefined) expressionOf(pattern, part.place("pattern"));
  const status = part.number("status");
  const [method, path, body] = [part.text("method"), part.text("path"), part.text("body")];
  const json = part.value("json");
  return {
    ...(status === undefined ? {} : { status }),
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(body === undefined ? {} : { body }),
    ...(json === undefined ? {} : { json }),
    ...(pattern === undefined ? {} : { pattern }),
    headers,
    variables: new Map(part.entries("variables")),
  };
}

function expressionOf(source: string, place: Place): RegExp {
  try {
    return new RegExp(source, "s");
  } catch (error) {
    return refuse((error as Error).message, place);
  }
}

/** One value of the file with where it stands. */
class Part {
  readonly #value: unknown;
  readonly #path: readonly (string | number)[];
  readonly #at: (path: readonly (string | number)[]) => Place;

  constructor(
    value: unknown,
    path: readonly (string | number)[],
    at: (path: readonly (string | number)[]) => Place,
  ) {
    this.#value = value;
    this.#path = path;
    this.#at = at;
  }

  place(...more: readonly (string | number)[]): Place {
    return this.#at([...this.#path, ...more]);
  }

  value(key: string): unknown {
    return this.#map()[key];
  }

  only(keys: readonly string[]): void {
    for (const key of Object.keys(this.#map())) {
      if (keys.includes(key)) continue;
      refuse(`"${key}" is not one of ${keys.join(", ")}`, this.place(key));
    }
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "object") refuse(`${key} is not a text`, this.place(key));
    return String(value);
  }

  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number") refuse(`${key} is not a number`, this.place(key));
    return value;
  }

  child(key: string): Part | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : new Part(value, [...this.#path, key], this.#at);
  }

  list(key: string): readonly Part[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value)) return refuse(`${key} is not a list`, this.place(key));
    return value.map((each, index) => new Part(each, [...this.#path, key, index], this.#at));
  }

  entries(key: string): readonly (readonly [string, unknown])[] {
    const child = this.child(key);
    return child === undefined ? [] : Object.entries(child.#map());
  }

  #map(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return refuse("a map is expected here", this.place());
  }
}

function refuse(why: string, place: Place): never {
  throw new Fault("CASE_INVALID", `cannot read the cases of ${place.file}`, { why, place });
}
