import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../config/model.ts";
import type { RulePlanner } from "./actions/action-kind.ts";
import { compileMatching } from "./matching.ts";
import { lineOf, linesOf, textOf, unservedProperties } from "./properties.ts";
import type { PolicyEntry } from "./service-plan.ts";

/** The pairs of matching and rule of the stylepolicy that `property` of a service names. */
export function planPolicy(
  planner: RulePlanner,
  object: ConfigObject,
  property: string,
): PolicyEntry[] {
  const { domain, refusals } = planner;
  const name = textOf(object, property);
  const policy = domain.objects.get(objectKey("StylePolicy", name));
  if (policy === undefined || !policy.enabled) {
    refusals.add(object, `stylepolicy "${name}" does not exist`, lineOf(object, property));
    return [];
  }
  const tolerated = new Set(["match", "xsldefault", "xquerydefault", "filter"]);
  for (const { line, why } of unservedProperties(policy, tolerated, new Set())) {
    refusals.add(policy, why, line);
  }
  for (const name of ["filter", "xquerydefault"]) {
    const line = lineOf(policy, name);
    if (
      line !== undefined &&
      !/^store:\/\/\/(filter-reject-all\.xsl|reject-all-json\.xq)$/.test(line.arguments[0] ?? "")
    ) {
      refusals.add(policy, `${name} other than the one that rejects is not served`, line);
    }
  }
  const entries: PolicyEntry[] = [];
  for (const line of linesOf(policy, "match")) {
    const entry = planEntry(planner, policy, line);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function planEntry(
  planner: RulePlanner,
  policy: ConfigObject,
  line: PropertyLine,
): PolicyEntry | undefined {
  const { domain, refusals } = planner;
  const [matchingName = "", ruleName = ""] = line.arguments;
  const matching = domain.objects.get(objectKey("Matching", matchingName));
  if (matching === undefined || !matching.enabled) {
    refusals.add(policy, `matching "${matchingName}" does not exist`, line);
  }
  const rule = planner.ruleNamed(ruleName, policy, line);
  if (matching === undefined || rule === undefined) return undefined;
  const matches = compileMatching(matching, (at, why) => refusals.add(matching, why, at));
  const readsContent = linesOf(matching, "xpathmatch").length > 0;
  return { matching: matchingName, matches, readsContent, rule };
}

/** The stylesheet of messages that no rule matches, as the policy names it. */
export function defaultStylesheetOf(domain: ConfigDomain, name: string): string {
  const policy = domain.objects.get(objectKey("StylePolicy", name));
  return policy === undefined ? "" : textOf(policy, "xsldefault");
}
