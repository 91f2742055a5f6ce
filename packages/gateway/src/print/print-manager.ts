import type { ConfigObject, PropertyLine } from "../config/model.ts";
import { orderedLines } from "./order.ts";
import { quoted } from "./words.ts";

const facets: readonly string[] = [
  "xslconfig",
  "xslrefresh",
  "xsl cache size",
  "xsl cache memorysize",
  "xsl checksummed cache",
  "tx-warn",
  "memoization",
];

const limits: ReadonlySet<string> = new Set([
  "bytes-scanned",
  "element-depth",
  "attribute-count",
  "max-node-size",
  "forbid-external-references",
  "external-references",
  "max-prefixes",
  "max-namespaces",
  "max-local-names",
]);

const cache: ReadonlySet<string> = new Set(["maxdocs", "size", "max-writes", "policy"]);

type PrintLine = (object: ConfigObject, line: PropertyLine, indent: string) => string;

/** An XML manager as the statements that saving spreads it over. */
export function printManager(object: ConfigObject, printLine: PrintLine): string {
  const name = quoted(object.name);
  const lines = orderedLines(object);
  const text = [`xmlmgr ${name}\n`];
  const block = (opening: string, members: readonly PropertyLine[]): void => {
    const body = members.map((line) => printLine(object, line, "  ")).join("");
    text.push(`${opening} ${name}\n${body}exit\n`);
  };
  for (const word of facets) {
    for (const line of lines.filter((each) => each.name === word)) {
      const no = line.negated ? "no " : "";
      text.push(`${[`${no}${word} ${name}`, ...line.arguments.map(quoted)].join(" ")}\n`);
    }
  }
  const limiting = lines.filter((line) => limits.has(line.name));
  if (limiting.length > 0) block("\nxml parser limits", limiting);
  const caching = lines.filter((line) => cache.has(line.name));
  if (caching.length > 0) block("\ndocumentcache", caching);
  text.push(`no xml validate ${name} *\n`);
  for (const line of lines.filter(isValidation)) {
    text.push(`${[`xml validate ${name}`, ...line.arguments.map(quoted)].join(" ")}\n`);
  }
  const rest = lines.filter((line) => {
    const { name: word } = line;
    return !(facets.includes(word) || limits.has(word) || cache.has(word) || isValidation(line));
  });
  if (rest.length > 0 || !object.enabled) {
    const state = `  admin-state ${object.enabled ? "enabled" : "disabled"}\n`;
    const body = rest.map((line) => printLine(object, line, "  ")).join("");
    const needed = !object.enabled || rest[0]?.known === false;
    text.push(`\nxml-manager ${name}\n${needed ? state : ""}${body}exit\n`);
  }
  return text.join("");
}

/** A validation that stands on one line; one in a mode of its own stays in the object. */
function isValidation(line: PropertyLine): boolean {
  return line.name === "validate" && line.children === undefined;
}
