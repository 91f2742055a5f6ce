import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../config/model.ts";
import { patternFromPcre } from "./pcre.ts";
import { lineOf, textOf, unservedProperties } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { RewriteRule, UrlRewritePlan } from "./rewrite-rule.ts";

const types: ReadonlySet<string> = new Set([
  "absolute-rewrite",
  "content-type",
  "header-rewrite",
  "post-body",
]);

/**
 * The plan of a urlrewrite policy. Words of a rule: pattern, replacement, replacement in the URL
 * of a stylesheet, unescape (message, stylesheet), normalise; a header-rewrite has the name of the
 * header before them.
 */
export function planUrlRewrite(policy: ConfigObject, refusals: Refusals): UrlRewritePlan {
  const served = new Set([...types, "direction"]);
  for (const { line, why } of unservedProperties(policy, served, new Set())) {
    refusals.add(policy, why, line);
  }
  const rules: RewriteRule[] = [];
  for (const line of policy.lines) {
    if (!types.has(line.name) || line.negated) continue;
    const rule = planLine(policy, line, refusals);
    if (rule !== undefined) rules.push(rule);
  }
  return { direction: textOf(policy, "direction") as UrlRewritePlan["direction"], rules };
}

/** The policy that `urlrewrite-policy` of a service names; undefined without one. */
export function urlRewriteOf(
  domain: ConfigDomain,
  service: ConfigObject,
  refusals: Refusals,
): UrlRewritePlan | undefined {
  const name = textOf(service, "urlrewrite-policy");
  if (name === "") return undefined;
  const policy = domain.objects.get(objectKey("URLRewritePolicy", name));
  if (policy?.enabled) return planUrlRewrite(policy, refusals);
  const line = lineOf(service, "urlrewrite-policy");
  refusals.add(service, `urlrewrite policy "${name}" does not exist`, line);
  return undefined;
}

function planLine(
  policy: ConfigObject,
  line: PropertyLine,
  refusals: Refusals,
): RewriteRule | undefined {
  const type = line.name as RewriteRule["type"];
  const header = type === "header-rewrite" ? (line.arguments[0] ?? "") : "";
  const words = type === "header-rewrite" ? line.arguments.slice(1) : line.arguments;
  const [expression = "", replacement = "", sheet = "", unescaped = "", , normalize = ""] = words;
  if (type === "header-rewrite" && !/^[\w-]+$/.test(header)) {
    refusals.add(policy, `header-rewrite of "${header}", which is no header name`, line);
  }
  if (!["", "*", "none"].includes(sheet)) {
    refusals.add(policy, "a rewrite of the URL of a stylesheet is not served", line);
  }
  if (type === "absolute-rewrite" && /^[a-z]+:\/\//i.test(replacement)) {
    refusals.add(policy, "a rewrite to another host is not served", line);
  }
  try {
    return {
      type,
      header,
      pattern: patternFromPcre(expression),
      replacement: replacement === "*" ? undefined : replacement,
      unescape: unescaped === "on",
      normalize: normalize === "on",
    };
  } catch (error) {
    const why = `pattern cannot be evaluated: ${(error as Error).message}`;
    refusals.add(policy, why, line);
    return undefined;
  }
}
