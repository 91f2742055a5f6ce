import { objectKey } from "../../config/model.ts";
import type { RulePlanner } from "../actions/action-kind.ts";
import { patternFromPcre } from "../pcre.ts";
import { lineOf, linesOf, textOf, unservedProperties } from "../properties.ts";
import type { SlmClass } from "./slm-plan.ts";

const sources = {
  SLMCredClass: [
    "client-ip",
    "request-header",
    "ip-from-header",
    "aaa-username",
    "aaa-mapped-credential",
  ],
  SLMRsrcClass: ["front-url"],
} as const;

/** The plan of an slm-cred or slm-rsrc; undefined and refused when it cannot be evaluated here. */
export function planSlmClass(
  planner: RulePlanner,
  kind: keyof typeof sources,
  name: string,
  refuse: (why: string) => void,
): SlmClass | undefined {
  const { domain, refusals } = planner;
  const object = domain.objects.get(objectKey(kind, name));
  const alias = kind === "SLMCredClass" ? "slm-cred" : "slm-rsrc";
  if (object === undefined || !object.enabled) {
    refuse(`${alias} "${name}" does not exist`);
    return undefined;
  }
  const known = new Set(["type", "match-type", "value", "header"]);
  for (const { line, why } of unservedProperties(object, known, new Set())) {
    refusals.add(object, why, line);
  }
  const source = textOf(object, "type");
  if (!(sources[kind] as readonly string[]).includes(source)) {
    refusals.add(object, `type ${source} is not served`, lineOf(object, "type"));
    return undefined;
  }
  const values = linesOf(object, "value").map((line) => line.arguments[0] ?? "");
  try {
    return {
      name,
      source: source as SlmClass["source"],
      header: textOf(object, "header"),
      matches: matcher(textOf(object, "match-type"), values),
    };
  } catch (error) {
    const why = `pattern cannot be evaluated: ${(error as Error).message}`;
    refusals.add(object, why, lineOf(object, "value"));
    return undefined;
  }
}

function matcher(
  type: string,
  values: readonly string[],
): ((value: string) => boolean) | undefined {
  if (type === "exact-match") return (value) => values.includes(value);
  if (type !== "regexp-match") return undefined;
  const patterns = values.map(patternFromPcre);
  return (value) => patterns.some((pattern) => pattern.test(value));
}
