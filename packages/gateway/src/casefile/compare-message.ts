import { isDeepStrictEqual } from "node:util";
import { KeptValue } from "../message/kept-value.ts";
import type { Expected } from "./read-cases.ts";

/** A message as it came. */
export interface ActualMessage {
  readonly status?: number;
  readonly method?: string;
  readonly path?: string;
  header(name: string): string | undefined;
  readonly body: string;
}

/** One thing that is not as expected, with the path to it in the case. */
export interface Mismatch {
  readonly path: readonly string[];
  readonly expected: string;
  readonly actual: string;
}

/** Everything of a message that is not as expected; empty when it is. */
export function compareMessage(
  expected: Expected,
  actual: ActualMessage,
  variable: (url: string) => unknown,
): readonly Mismatch[] {
  const mismatches: Mismatch[] = [];
  const check = (path: readonly string[], want: unknown, got: unknown, same: boolean): void => {
    if (!same) mismatches.push({ path, expected: shown(want), actual: shown(got) });
  };
  for (const key of ["status", "method", "path"] as const) {
    if (expected[key] === undefined) continue;
    check([key], expected[key], actual[key], expected[key] === actual[key]);
  }
  for (const [name, want] of expected.headers) {
    const got = actual.header(name);
    check(["headers", name], want ?? "no such header", got ?? "no such header", fits(want, got));
  }
  const { body, json, pattern } = expected;
  if (body !== undefined) check(["body"], body, actual.body, body === actual.body);
  if (pattern !== undefined) {
    check(["pattern"], pattern, actual.body, new RegExp(pattern, "s").test(actual.body));
  }
  if (json !== undefined) {
    const got = parsed(actual.body);
    check(["json"], json, got ?? actual.body, got !== undefined && contains(got, json));
  }
  for (const [url, want] of expected.variables) {
    const got = plainValue(variable(url));
    const same =
      isDeepStrictEqual(got, want) || (got !== undefined && String(got) === String(want));
    check(["variables", url], want, got ?? "no such variable", same);
  }
  return mismatches;
}

/** What a script would read of a variable: an object of its own from its JSON, all else as text. */
function plainValue(value: unknown): unknown {
  if (!(value instanceof KeptValue)) return value;
  return value.kept === "json" ? JSON.parse(String(value)) : String(value);
}

/** True when `part` is in `whole`: objects may have more members, lists must be as long. */
export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    if (!Array.isArray(whole) || whole.length !== part.length) return false;
    return part.every((each, at) => contains(whole[at], each));
  }
  if (typeof part !== "object" || part === null) return isDeepStrictEqual(whole, part);
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return false;
  return Object.entries(part).every(
    ([key, value]) =>
      Object.hasOwn(whole, key) && contains((whole as Record<string, unknown>)[key], value),
  );
}

function fits(want: string | null, got: string | undefined): boolean {
  if (want === null || got === undefined) return want === null && got === undefined;
  if (!/^\/.*\/$/s.test(want)) return want === got;
  try {
    return new RegExp(want.slice(1, -1), "s").test(got);
  } catch {
    return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
