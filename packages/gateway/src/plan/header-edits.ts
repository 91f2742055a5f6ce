import { isConnectionHeader } from "../answer/answer.ts";
import type { ConfigObject, PropertyLine } from "../config/model.ts";
import { linesOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { HeaderEdit } from "./service-plan.ts";

/** The `inject` and `suppress` lines of a service, in this order; what is no header is refused. */
export function headerEdits(object: ConfigObject, refusals: Refusals): HeaderEdit[] {
  const edits: HeaderEdit[] = [];
  for (const name of ["inject", "suppress"] as const) {
    for (const line of linesOf(object, name)) {
      const [side = "", header = "", text = ""] = line.arguments;
      const value = name === "inject" ? text : undefined;
      const why =
        side === "front" || side === "back"
          ? headerProblem(header, value)
          : `"${side}" is neither front nor back`;
      if (why !== undefined) refusals.add(object, `${name}: ${why}`, line);
      edits.push({
        side: side === "back" ? "back" : "front",
        name: header,
        ...(value === undefined ? {} : { value }),
      });
    }
  }
  return edits;
}

/** The headers that lines `WORD NAME VALUE` add; what is no header is refused. */
export function addedHeaders(
  object: ConfigObject,
  lines: readonly PropertyLine[],
  refusals: Refusals,
): (readonly [name: string, value: string])[] {
  return lines.map((line) => {
    const [name = "", value = ""] = line.arguments;
    const why = headerProblem(name, value);
    if (why !== undefined) refusals.add(object, `${line.name}: ${why}`, line);
    return [name, value];
  });
}

/**
 * Why a configuration must not set this header; undefined when it may. A second length, or another
 * coding, would let two readers take the message apart in two ways.
 */
export function headerProblem(name: string, value: string | undefined): string | undefined {
  const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
  if (!isToken || /[^\t\x20-\x7e\x80-\xff]/.test(value ?? "")) {
    return value === undefined ? `"${name}" is no header` : `"${name}: ${value}" is no header`;
  }
  if (value === undefined || !isConnectionHeader(name)) return undefined;
  return `${name} is of the connection, which this gateway frames itself`;
}
