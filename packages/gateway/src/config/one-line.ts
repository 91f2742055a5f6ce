import { kindOfAlias } from "../catalogue.ts";
import type { Origin, PropertyLine } from "./model.ts";
import { propertyNames } from "./vocabulary.ts";

/** A statement as words, with the column of each. */
export interface Words {
  readonly texts: readonly string[];
  readonly columns: readonly number[];
  readonly origin: Origin;
}

/** What a one-line statement says of an object: which one, and its properties. */
export interface OneLine {
  readonly alias: string;
  readonly name: string;
  readonly lines: readonly PropertyLine[];
  /** A body follows, closed by `exit`. */
  readonly opens?: boolean;
  readonly enabled?: boolean;
}

/** Statements `alias "name" value… keyword value…` as positional properties, keywords and flags. */
const namedForms: Readonly<Record<string, { positional: string[]; flags: string[] }>> = {
  key: { positional: ["file-name"], flags: [] },
  certificate: { positional: ["file-name"], flags: ["ignore-expiration"] },
  sskey: { positional: ["file-name"], flags: [] },
  idcred: { positional: ["key", "certificate"], flags: [] },
  profile: { positional: ["idcred"], flags: [] },
};

/** `logging WORD "target" value…` amends the target with this property. */
const loggingForms: Readonly<Record<string, string>> = {
  event: "event",
  eventcode: "event-code",
  eventfilter: "event-filter",
  object: "object",
  trigger: "trigger",
  ipfilter: "ip-filter",
};

/** Statements that set one property of the XML manager that their next word names. */
const managerForms: readonly (readonly string[])[] = [
  ["xsl", "cache", "size"],
  ["xsl", "cache", "memorysize"],
  ["xsl", "checksummed", "cache"],
  ["xslconfig"],
  ["xslrefresh"],
  ["tx-warn"],
  ["memoization"],
];

const sslProxyWords: ReadonlySet<string> = new Set([
  "sess-timeout",
  "cache-size",
  "client-cache",
  "client-sess-timeout",
  "client-cache-size",
  "server-cache",
  "client-auth-optional",
  "client-auth-always-request",
  "permit-insecure-servers",
  "admin-state",
]);

/** Singletons whose one-line form is an address and a port. */
const addressForms: ReadonlySet<string> = new Set(["web-mgmt", "xml-mgmt", "rest-mgmt", "ssh"]);

/**
 * The object that a one-line statement of the global or crypto mode is about; undefined when the
 * statement has no such form and is read as an object line or a command.
 */
export function oneLineOf(words: Words, negated: boolean): OneLine | undefined {
  const first = words.texts[0] ?? "";
  const form = Object.hasOwn(namedForms, first) ? namedForms[first] : undefined;
  if (form !== undefined && words.texts.length > 2 && !negated) return named(words, form);
  if (first === "sslproxy" && words.texts.length > 2 && !negated) return sslProxy(words);
  if (first === "logging") return logging(words, negated);
  if (first === "xml") return xmlStatement(words, negated);
  if (first === "documentcache" && words.texts.length === 2 && !negated) {
    return { alias: "xmlmgr", name: words.texts[1]!, lines: [], opens: true };
  }
  const facet = managerForms.find((form) => form.every((part, at) => words.texts[at] === part));
  if (facet !== undefined) return managerFacet(words, facet, negated);
  if (first === "timezone" && words.texts.length === 2 && !negated) {
    return { alias: first, name: first, lines: [line("name", words, 1, 2)] };
  }
  if (first === "http" && words.texts.length >= 2 && !negated) {
    return { alias: "xmlfirewall", name: words.texts[1]!, lines: [], opens: true };
  }
  if (addressForms.has(first) && words.texts.length > 1 && !negated) {
    const lines = [line("local-address", words, 1, 3)];
    return { alias: first, name: first, lines, enabled: true };
  }
  return switched(first, words, negated);
}

/** `statistics`, `no ssh`: a singleton switched on or off. */
function switched(first: string, words: Words, negated: boolean): OneLine | undefined {
  if (words.texts.length !== 1) return undefined;
  if (!(first === "statistics" || (negated && kindOfAlias(first)?.singleton === true))) {
    return undefined;
  }
  return { alias: first, name: first, lines: [], enabled: !negated };
}

function named(words: Words, form: { positional: string[]; flags: string[] }): OneLine {
  const [alias = "", name = ""] = words.texts;
  const lines: PropertyLine[] = [];
  let enabled = true;
  let at = 2;
  for (const property of form.positional) {
    if (at >= words.texts.length) break;
    if (words.texts[at] !== "%none%") lines.push(line(property, words, at, at + 1));
    at++;
  }
  while (at < words.texts.length) {
    const word = words.texts[at]!;
    const next = words.texts[at + 1];
    const alone = form.flags.includes(word) && next !== "on" && next !== "off";
    if (word === "admin-state") enabled = next !== "disabled";
    else lines.push(pair(alias, word, line(word, words, at + 1, alone ? at + 1 : at + 2)));
    at += alone ? 1 : 2;
  }
  return { alias, name, lines, enabled };
}

/** `sslproxy "n" forward|reverse|two-way ["rev"] ["fwd"] word value …`. */
function sslProxy(words: Words): OneLine {
  const direction = words.texts[2]!;
  const lines = [line("direction", words, 2, 3)];
  const profiles = direction === "two-way" ? ["reverse-profile", "forward-profile"] : [];
  if (profiles.length === 0) profiles.push(`${direction}-profile`);
  let at = 3;
  for (const profile of profiles) {
    if (at >= words.texts.length || sslProxyWords.has(words.texts[at]!)) break;
    lines.push(line(profile, words, at, at + 1));
    at++;
  }
  let enabled = true;
  for (; at < words.texts.length; at += 2) {
    const word = words.texts[at]!;
    if (word === "admin-state") enabled = words.texts[at + 1] !== "disabled";
    else lines.push(pair("sslproxy", word, line(word, words, at + 1, at + 2)));
  }
  return { alias: "sslproxy", name: words.texts[1]!, lines, enabled };
}

function logging(words: Words, negated: boolean): OneLine | undefined {
  const property = loggingForms[words.texts[1] ?? ""];
  const name = words.texts[2];
  if (property === undefined || name === undefined) return undefined;
  const lines = [{ ...line(property, words, 3, words.texts.length), negated }];
  return { alias: "logging target", name, lines };
}

/** `xml parser limits "n"` … `exit`, `xml validate "n" …`, `no xml validate "n" *`. */
function xmlStatement(words: Words, negated: boolean): OneLine | undefined {
  const [, second, third, fourth] = words.texts;
  if (second === "parser" && third === "limits" && fourth !== undefined && !negated) {
    return { alias: "xmlmgr", name: fourth, lines: [], opens: true };
  }
  if (second !== "validate" || third === undefined) return undefined;
  const all = negated && (fourth === undefined || fourth === "*");
  const given = line("validate", words, 3, all ? 3 : words.texts.length);
  return { alias: "xmlmgr", name: third, lines: [{ ...given, negated }] };
}

function managerFacet(
  words: Words,
  facet: readonly string[],
  negated: boolean,
): OneLine | undefined {
  const name = words.texts[facet.length];
  if (name === undefined) return undefined;
  const given = line(facet.join(" "), words, facet.length + 1, words.texts.length);
  return { alias: "xmlmgr", name, lines: [{ ...given, negated }] };
}

/** A keyword of a one-line form is known when the long form has it. */
function pair(alias: string, word: string, given: PropertyLine): PropertyLine {
  return { ...given, known: propertyNames(alias).has(word) };
}

function line(name: string, words: Words, from: number, to: number): PropertyLine {
  return {
    name,
    arguments: words.texts.slice(from, to),
    columns: words.columns.slice(from, to),
    negated: false,
    origin: words.origin,
    known: true,
  };
}
