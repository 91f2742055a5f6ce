import { fileOfUrl } from "../config/locations.ts";
import { type ConfigObject, objectKey, type PropertyLine } from "../config/model.ts";
import type { RulePlanner } from "./actions/action-kind.ts";
import { addedHeaders } from "./header-edits.ts";
import { compileMatching } from "./matching.ts";
import { lineOf, linesOf, numberOf, textOf, unservedProperties } from "./properties.ts";
import type { ErrorActionPlan, ErrorPolicyEntry } from "./service-plan.ts";

const servedProperties: ReadonlySet<string> = new Set([
  "type",
  "remote-url",
  "local-url",
  "rule",
  "status-code",
  "reason-phrase",
  "header-inject",
]);

/** The pairs of the mpgw-error-handling that `error-policy` of a service names; none without one. */
export function planErrorPolicy(planner: RulePlanner, service: ConfigObject): ErrorPolicyEntry[] {
  const { domain, refusals } = planner;
  const name = textOf(service, "error-policy");
  if (name === "") return [];
  const policy = domain.objects.get(objectKey("MPGWErrorHandlingPolicy", name));
  if (policy === undefined || !policy.enabled) {
    const line = lineOf(service, "error-policy");
    refusals.add(service, `error-policy "${name}" does not exist`, line);
    return [];
  }
  for (const { line, why } of unservedProperties(policy, new Set(["match"]), new Set())) {
    refusals.add(policy, why, line);
  }
  return linesOf(policy, "match").flatMap((line) => planEntry(planner, policy, line) ?? []);
}

function planEntry(
  planner: RulePlanner,
  policy: ConfigObject,
  line: PropertyLine,
): ErrorPolicyEntry | undefined {
  const { domain, refusals } = planner;
  const [matchingName = "", actionName = ""] = line.arguments;
  const matching = domain.objects.get(objectKey("Matching", matchingName));
  const action = domain.objects.get(objectKey("MPGWErrorAction", actionName));
  if (matching === undefined || !matching.enabled) {
    refusals.add(policy, `matching "${matchingName}" does not exist`, line);
    return undefined;
  }
  if (action === undefined || !action.enabled) {
    refusals.add(policy, `error action "${actionName}" does not exist`, line);
    return undefined;
  }
  const matches = compileMatching(matching, (at, why) => refusals.add(matching, why, at));
  const planned = planErrorAction(planner, action);
  return planned === undefined ? undefined : { matches, action: planned };
}

function planErrorAction(planner: RulePlanner, action: ConfigObject): ErrorActionPlan | undefined {
  const { refusals } = planner;
  for (const { line, why } of unservedProperties(action, servedProperties, new Set())) {
    refusals.add(action, why, line);
  }
  const status = numberOf(action, "status-code");
  const common = {
    name: action.name,
    status: status === 0 ? undefined : status,
    reason: textOf(action, "reason-phrase") || undefined,
    headers: addedHeaders(action, linesOf(action, "header-inject"), refusals),
  };
  const type = textOf(action, "type");
  switch (type) {
    case "error-rule": {
      const rule = planner.ruleNamed(textOf(action, "rule"), action, lineOf(action, "rule"));
      return rule === undefined ? undefined : { ...common, type, rule };
    }
    case "static": {
      const url = textOf(action, "local-url");
      const file = /^(?:local|config|temporary|store):/.test(url)
        ? fileOfUrl(planner.root, planner.domain.name, url)
        : undefined;
      if (file === undefined) {
        refusals.add(action, `local-url "${url}" is not served`, lineOf(action, "local-url"));
      }
      return { ...common, type, url };
    }
    case "proxy":
    case "redirect": {
      const url = textOf(action, "remote-url");
      if (!/^https?:\/\//.test(url)) {
        refusals.add(action, `remote-url "${url}" is not served`, lineOf(action, "remote-url"));
      }
      return { ...common, type, url };
    }
    default:
      refusals.add(action, `error action type ${type} is not known`, lineOf(action, "type"));
      return undefined;
  }
}
