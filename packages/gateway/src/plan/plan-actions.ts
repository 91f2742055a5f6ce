import { fileOfUrl } from "../config/locations.ts";
import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../config/model.ts";
import { isWritableVariable } from "../serve/variable-table.ts";
import { lineOf, linesOf, textOf, unservedProperties } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { ActionPlan, Direction, RulePlan } from "./service-plan.ts";

/** What compiling a rule needs and what it gathers on the way. */
export interface RulePlanner {
  readonly root: string;
  readonly domain: ConfigDomain;
  readonly refusals: Refusals;
  /** Rules compiled so far, by name; rules that `call` names are added. */
  readonly rules: Map<string, RulePlan>;
}

const directions: ReadonlySet<string> = new Set([
  "rule",
  "request-rule",
  "response-rule",
  "error-rule",
]);

const servedByType: Readonly<Record<string, readonly string[]>> = {
  gatewayscript: ["gatewayscript-location"],
  setvar: ["variable", "value"],
  results: [],
  call: ["rule"],
  "on-error": ["error-mode"],
};

/** Actions that older firmware wrote into the rule itself. */
const olderForms: ReadonlySet<string> = new Set(
  (
    "xform setvar results fetch call on-error filter validate route-set rewrite convert-http log " +
    "aaa slm extract strip-attachments checkpoint xformpi xformbin cryptobin route-action"
  ).split(" "),
);

/** Written into every saved action whatever its type; without effect on the types served here. */
const inert: ReadonlySet<string> = new Set([
  "type",
  "input",
  "output",
  "parse-settings-result-type",
  "parse-settings-result-location",
  "input-language",
  "transform-language",
  "output-language",
  "charset-transparency",
  "debug",
  "ssl-client-type",
  "output-type",
  "soap-validation",
  "sql-source-type",
  "strip-signature",
  "results-mode",
  "retry-count",
  "retry-interval",
  "iterator-type",
  "http-method",
  "http-method-limited",
  "http-method-limited2",
  "error-input",
  "error-output",
]);

/** The plan of a rule; reasons why it cannot be served faithfully go to the planner's refusals. */
export function planRule(planner: RulePlanner, rule: ConfigObject): RulePlan {
  const known = planner.rules.get(rule.name);
  if (known !== undefined) return known;
  const { refusals } = planner;
  const direction = textOf(rule, "type");
  if (!directions.has(direction)) refusals.add(rule, `rule type "${direction}" is not known`);
  const served = new Set(["type", "action"]);
  for (const { line, why } of unservedProperties(rule, served, olderForms)) {
    refusals.add(rule, why, line);
  }
  const actions: ActionPlan[] = [];
  const plan: RulePlan = { name: rule.name, direction: direction as Direction, actions };
  planner.rules.set(rule.name, plan);
  for (const line of rule.lines) {
    if (olderForms.has(line.name)) {
      refusals.add(rule, `the older one-line form of ${line.name} is not served`, line);
    }
    if (line.name !== "action") continue;
    const planned = planNamedAction(planner, rule, line);
    if (planned !== undefined) actions.push(planned);
  }
  return plan;
}

function planNamedAction(
  planner: RulePlanner,
  rule: ConfigObject,
  line: PropertyLine,
): ActionPlan | undefined {
  const name = line.arguments[0] ?? "";
  const action = planner.domain.objects.get(objectKey("StylePolicyAction", name));
  if (action?.enabled) return planAction(planner, action);
  const why = action === undefined ? "does not exist" : "is disabled";
  planner.refusals.add(rule, `action "${name}" ${why}`, line);
  return undefined;
}

function planAction(planner: RulePlanner, action: ConfigObject): ActionPlan | undefined {
  const { refusals } = planner;
  const type = textOf(action, "type");
  const names = servedByType[type];
  if (names === undefined) {
    refusals.add(action, `action type ${type} is not served`, lineOf(action, "type"));
    return undefined;
  }
  for (const { line, why } of unservedProperties(action, new Set(names), inert)) {
    refusals.add(action, why, line);
  }
  const common = {
    name: action.name,
    origin: action.origin,
    input: textOf(action, "input") || "INPUT",
    output: textOf(action, "output"),
  };
  switch (type) {
    case "gatewayscript":
      return planScript(planner, action, common);
    case "setvar":
      return planSetvar(planner, action, common);
    case "results":
      return { ...common, type, output: common.output || "OUTPUT" };
    case "call":
      return planCall(planner, action, common);
    default:
      return planOnError(planner, action, common);
  }
}

type Common = Pick<ActionPlan, "name" | "origin" | "input" | "output">;

function planScript(planner: RulePlanner, action: ConfigObject, common: Common): ActionPlan {
  const location = textOf(action, "gatewayscript-location");
  const file = fileOfUrl(planner.root, planner.domain.name, location);
  if (file === undefined || !/^(local|config|temporary):/.test(location)) {
    const line = lineOf(action, "gatewayscript-location");
    planner.refusals.add(action, `script location "${location}" is not served`, line);
  }
  const output = common.output || "NULL";
  return { ...common, output, type: "gatewayscript", location, file: file ?? "" };
}

function planSetvar(planner: RulePlanner, action: ConfigObject, common: Common): ActionPlan {
  const variable = textOf(action, "variable");
  const line = lineOf(action, "variable");
  if (!isWritableVariable(variable)) {
    planner.refusals.add(action, `variable "${variable}" cannot be set here`, line);
  }
  return { ...common, type: "setvar", variable, value: textOf(action, "value") };
}

function planCall(planner: RulePlanner, action: ConfigObject, common: Common): ActionPlan {
  const name = textOf(action, "rule");
  const rule = planner.domain.objects.get(objectKey("StylePolicyRule", name));
  if (rule === undefined || !rule.enabled) {
    planner.refusals.add(action, `rule "${name}" does not exist`, lineOf(action, "rule"));
  } else {
    planRule(planner, rule);
  }
  return { ...common, type: "call", output: common.output || "OUTPUT", rule: name };
}

function planOnError(planner: RulePlanner, action: ConfigObject, common: Common): ActionPlan {
  const mode = textOf(action, "error-mode") || "abort";
  if (mode !== "abort" && mode !== "continue") {
    planner.refusals.add(
      action,
      `on-error mode ${mode} is not served`,
      lineOf(action, "error-mode"),
    );
  }
  if (linesOf(action, "rule").some((line) => (line.arguments[0] ?? "") !== "")) {
    planner.refusals.add(action, "on-error with a rule is not served", lineOf(action, "rule"));
  }
  return { ...common, type: "on-error", mode: mode === "continue" ? "continue" : "abort" };
}
