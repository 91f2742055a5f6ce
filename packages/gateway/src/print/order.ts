import { kindNamed } from "../catalogue.ts";
import type { ConfigObject, PropertyLine } from "../config/model.ts";

const matchLines: ReadonlySet<string> = new Set([
  "urlmatch",
  "fullurlmatch",
  "hostmatch",
  "httpmatch",
  "errorcode",
  "xpathmatch",
  "methodmatch",
]);

/** What saving writes after all other properties. */
const lastLines: Readonly<Record<string, string>> = {
  StylePolicyRule: "action",
  StylePolicy: "match",
};

const positions = new Map<string, ReadonlyMap<string, number>>();

/**
 * The lines of an object in the order of the catalogue. Lines of one property keep their order, and
 * so do the lines of a matching and the older inline actions of a rule among themselves.
 */
export function orderedLines(object: ConfigObject): readonly PropertyLine[] {
  const kind = kindNamed(object.kind);
  if (kind === undefined) return object.lines;
  let order = positions.get(kind.name);
  if (order === undefined) {
    order = new Map([...kind.properties.keys()].map((word, at) => [word, at]));
    positions.set(kind.name, order);
  }
  const place = (line: PropertyLine): number => {
    if (line.name === lastLines[kind.name]) return order.size - 0.5;
    const own = order.get(line.name);
    if (own !== undefined) return own;
    if (kind.name === "Matching" && matchLines.has(line.name)) return order.get("match") ?? 0;
    if (kind.name === "StylePolicyRule" && line.known) return order.size - 0.5;
    return order.size;
  };
  return object.lines
    .map((line, at) => ({ line, at, place: place(line) }))
    .sort((one, other) => one.place - other.place || one.at - other.at)
    .map(({ line }) => line);
}
