import { type ConfigDomain, type ConfigObject, objectKey } from "../config/model.ts";
import type { RulePlanner } from "./actions/action-kind.ts";
import { actionKind } from "./actions/action-kinds.ts";
import type { ActionPlan } from "./actions/action-plan.ts";
import { flagOf, lineOf, textOf, unservedProperties } from "./properties.ts";
import { Refusals } from "./refusals.ts";
import { type Direction, obstacleText, type RulePlan } from "./service-plan.ts";

const directions: ReadonlySet<string> = new Set([
  "rule",
  "request-rule",
  "response-rule",
  "error-rule",
]);

/** Actions that older firmware wrote into the rule itself and that reading left there. */
const olderForms: ReadonlySet<string> = new Set(
  (
    "xform setvar results fetch call on-error filter validate route-set rewrite convert-http log " +
    "aaa slm extract strip-attachments checkpoint xformpi xformbin cryptobin route-action"
  ).split(" "),
);

/** Written into every saved action whatever its type; without effect on types that do not serve it. */
const inert: ReadonlySet<string> = new Set(
  (
    "type input output parse-settings-result-type parse-settings-result-location input-language " +
    "transform-language output-language charset-transparency debug ssl-client-type output-type " +
    "soap-validation sql-source-type strip-signature results-mode retry-count retry-interval " +
    "iterator-type http-method http-method-limited http-method-limited2 error-input error-output " +
    "asynchronous"
  ).split(" "),
);

/** A planner for the rules and actions of one service. */
export function rulePlanner(
  root: string,
  domain: ConfigDomain,
  refusals: Refusals,
  within?: { readonly rules: ReadonlyMap<string, RulePlan> },
): RulePlanner {
  const rules = new Map(within?.rules);
  /** Actions whose plan is being made: one that contains itself has none. */
  const open = new Set<string>();
  const planner: RulePlanner = {
    root,
    domain,
    refusals,
    rules,
    uncallable: new Map(),
    ruleNamed(name, by, line) {
      const rule = domain.objects.get(objectKey("StylePolicyRule", name));
      if (rule?.enabled) return planRule(planner, rule);
      refusals.add(by, `rule "${name}" does not exist`, line);
      return undefined;
    },
    everyRule() {
      // the planner around this one is at it already
      if (within !== undefined) return;
      for (const rule of domain.objects.values()) {
        if (rule.kind !== "StylePolicyRule" || !rule.enabled || rules.has(rule.name)) continue;
        // a rule that cannot be served is left out: calling it fails, and says why
        const own = new Refusals(rule);
        const planned = planRule(rulePlanner(root, domain, own, { rules }), rule);
        const [obstacle] = own.list;
        if (obstacle === undefined) rules.set(rule.name, planned);
        else planner.uncallable.set(rule.name, obstacleText(obstacle));
      }
    },
    actionNamed(name, by, line) {
      const action = domain.objects.get(objectKey("StylePolicyAction", name));
      if (!action?.enabled || open.has(name)) {
        const why = action === undefined ? "does not exist" : "is disabled";
        refusals.add(by, `action "${name}" ${open.has(name) ? "contains itself" : why}`, line);
        return undefined;
      }
      open.add(name);
      const planned = planAction(planner, action);
      open.delete(name);
      return planned;
    },
  };
  return planner;
}

/** The plan of a rule; reasons why it cannot be served faithfully go to the planner's refusals. */
function planRule(planner: RulePlanner, rule: ConfigObject): RulePlan {
  const known = planner.rules.get(rule.name);
  if (known !== undefined) return known;
  const { refusals } = planner;
  const direction = textOf(rule, "type");
  if (!directions.has(direction)) {
    refusals.add(rule, `rule type "${direction}" is not known`, lineOf(rule, "type"));
  }
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
    const planned = planner.actionNamed(line.arguments[0] ?? "", rule, line);
    if (planned !== undefined) actions.push(planned);
  }
  return plan;
}

function planAction(planner: RulePlanner, action: ConfigObject): ActionPlan | undefined {
  const { refusals } = planner;
  const type = textOf(action, "type");
  const kind = actionKind(type);
  if (kind === undefined) {
    refusals.add(action, `action type ${type} is not served`, lineOf(action, "type"));
    return undefined;
  }
  for (const { line, why } of unservedProperties(action, new Set(kind.served), inert)) {
    refusals.add(action, why, line);
  }
  return kind.plan(planner, action, {
    name: action.name,
    origin: action.origin,
    input: textOf(action, "input") || "INPUT",
    output: textOf(action, "output"),
    asynchronous: flagOf(action, "asynchronous"),
  });
}
