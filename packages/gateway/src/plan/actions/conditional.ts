import type { XPath } from "../../xml/xpath.ts";
import { linesOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import type { ActionPlan } from "./action-plan.ts";
import { actionXPath } from "./action-xpath.ts";

/** `conditional`: the action of the first expression that is true. */
export const conditional: ActionKind = {
  served: ["condition"],
  plan(planner, action, common) {
    const conditions: XPath[] = [];
    const inner: ActionPlan[] = [];
    for (const line of linesOf(action, "condition")) {
      const [expression = "", name = ""] = line.arguments;
      const xpath = actionXPath(planner, action, line, expression);
      const planned = planner.actionNamed(name, action, line);
      if (xpath === undefined || planned === undefined) return undefined;
      conditions.push(xpath);
      inner.push(planned);
    }
    if (inner.length === 0) planner.refusals.add(action, "it has no condition");
    return { ...common, output: common.output || "NULL", type: "conditional", conditions, inner };
  },
};
