import { type ConfigObject, objectKey, type PropertyLine } from "../../config/model.ts";
import { recordOf } from "../../config/values.ts";
import type { Priority } from "../../log.ts";
import type { RulePlanner } from "../actions/action-kind.ts";
import { linesOf, textOf, unservedProperties } from "../properties.ts";
import { planSlmClass } from "./slm-class.ts";
import type { SlmPolicyPlan, SlmStatement } from "./slm-plan.ts";

/** Values of a statement's fields that are served. */
const served = {
  ThreshIntervalType: ["fixed", "moving", "concurrent"],
  ThreshAlgorithm: ["greater-than", "token-bucket", "high-low-thresholds"],
  ThresholdType: ["count-all"],
} as const;

/** Most values that one statement counts, whatever it asks for. */
const mostCountedValues = 100_000;

/** The plan of an slm-policy; what would count otherwise than here goes to the refusals. */
export function planSlmPolicy(planner: RulePlanner, policy: ConfigObject): SlmPolicyPlan {
  const known = new Set(["eval-method", "statement", "api-mgmt"]);
  for (const { line, why } of unservedProperties(policy, known, new Set())) {
    planner.refusals.add(policy, why, line);
  }
  return {
    name: policy.name,
    evaluation: textOf(policy, "eval-method") as SlmPolicyPlan["evaluation"],
    statements: linesOf(policy, "statement").flatMap(
      (line) => planStatement(planner, policy, line) ?? [],
    ),
  };
}

function planStatement(
  planner: RulePlanner,
  policy: ConfigObject,
  line: PropertyLine,
): SlmStatement | undefined {
  const fields = recordOf("DmSLMStatement", line);
  const text = (name: string): string => String(fields[name] ?? "");
  const number = (name: string): number => Number(fields[name] ?? 0);
  const refuse = (why: string): void => {
    planner.refusals.add(policy, `statement ${text("SLMId")}: ${why}`, line);
  };
  for (const [name, values] of Object.entries(served)) {
    if (!(values as readonly string[]).includes(text(name))) {
      refuse(`${name} ${text(name)} is not served`);
    }
  }
  if (text("Schedule") !== "") refuse("a schedule is not served");
  const interval = text("ThreshIntervalType") as SlmStatement["interval"];
  const length = number("ThreshIntervalLength") * 1000;
  if (interval !== "concurrent" && !(length > 0)) refuse("an interval of no length is not served");
  const action = planner.domain.objects.get(objectKey("SLMAction", text("Action")));
  if (action === undefined || !action.enabled) {
    refuse(`slm-action "${text("Action")}" does not exist`);
    return undefined;
  }
  const type = textOf(action, "type") as SlmStatement["action"]["type"];
  if (interval === "concurrent" && type === "shape") refuse("shaping by number is not served");
  const classOf = (field: string, kind: "SLMCredClass" | "SLMRsrcClass") =>
    text(field) === "" ? undefined : planSlmClass(planner, kind, text(field), refuse);
  return {
    id: text("SLMId"),
    credential: classOf("CredClass", "SLMCredClass"),
    resource: classOf("RsrcClass", "SLMRsrcClass"),
    action: { name: action.name, type, priority: textOf(action, "log-priority") as Priority },
    interval,
    length: interval === "concurrent" ? 0 : length,
    algorithm: text("ThreshAlgorithm") as SlmStatement["algorithm"],
    level: number("ThresholdLevel"),
    release: number("ReleaseThresholdLevel"),
    burst: number("BurstLimit"),
    mostValues: Math.min(
      number("MaximumResourcesAndCredentialsForThreshold") || 5000,
      mostCountedValues,
    ),
  };
}
