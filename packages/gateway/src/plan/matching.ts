import type { ConfigObject, PropertyLine } from "../config/model.ts";
import { XPath } from "../xml/xpath.ts";
import { patternFromPcre } from "./pcre.ts";
import { flagOf, unservedProperties } from "./properties.ts";
import { wildcard } from "./wildcard.ts";

/** What a matching looks at. `uri` is path and query; `url` is the whole URL. */
export interface MatchSubject {
  readonly uri: string;
  readonly url: string;
  readonly method: string;
  readonly errorCode: string;
  header(name: string): string | undefined;
  /** True when an expression holds of the message; false where that is no XML. */
  selects(xpath: XPath): boolean;
}

export type Matcher = (subject: MatchSubject) => boolean;

/** The statements of a matching that this gateway evaluates. */
const servedLines: ReadonlySet<string> = new Set([
  "urlmatch",
  "fullurlmatch",
  "hostmatch",
  "httpmatch",
  "errorcode",
  "methodmatch",
  "xpathmatch",
  "match-with-pcre",
  "combine-with-or",
]);

/** A matching as a predicate; `refuse` hears of each line that cannot be evaluated faithfully. */
export function compileMatching(
  object: ConfigObject,
  refuse: (line: PropertyLine | undefined, why: string) => void,
): Matcher {
  for (const { line, why } of unservedProperties(object, servedLines, new Set())) refuse(line, why);
  const pcre = flagOf(object, "match-with-pcre");
  const tests: Matcher[] = [];
  for (const line of object.lines) {
    try {
      const test = line.negated ? undefined : compileLine(line, pcre);
      if (test !== undefined) tests.push(test);
    } catch (error) {
      refuse(line, `pattern cannot be evaluated: ${(error as Error).message}`);
    }
  }
  if (tests.length === 0) refuse(undefined, "it has nothing to match on");
  return flagOf(object, "combine-with-or")
    ? (subject) => tests.some((test) => test(subject))
    : (subject) => tests.every((test) => test(subject));
}

function compileLine(line: PropertyLine, pcre: boolean): Matcher | undefined {
  const [first = "", second = ""] = line.arguments;
  switch (line.name) {
    case "urlmatch": {
      const test = pattern(first, pcre);
      return (subject) => test(subject.uri);
    }
    case "fullurlmatch": {
      const test = pattern(first, pcre);
      return (subject) => test(subject.url);
    }
    case "hostmatch": {
      const test = pattern(first, pcre);
      return (subject) => test((subject.header("host") ?? "").replace(/:\d+$/, ""));
    }
    case "httpmatch": {
      const test = pattern(second, pcre);
      return (subject) => {
        const value = subject.header(first);
        return value !== undefined && test(value);
      };
    }
    case "errorcode": {
      const test = pattern(first.toLowerCase(), pcre);
      return (subject) => subject.errorCode !== "" && test(subject.errorCode.toLowerCase());
    }
    case "methodmatch": {
      const method = first === "custom" ? second : first;
      return (subject) => method === "default" || method === "" || subject.method === method;
    }
    case "xpathmatch": {
      const xpath = new XPath(first);
      return (subject) => subject.selects(xpath);
    }
    default:
      return undefined;
  }
}

/** A shell wildcard (`*`, `?`, `[…]`) over the whole text, or a PCRE anywhere in it. */
function pattern(text: string, pcre: boolean): (value: string) => boolean {
  if (!pcre) return wildcard(text);
  const expression = patternFromPcre(text);
  return (value) => expression.test(value);
}
