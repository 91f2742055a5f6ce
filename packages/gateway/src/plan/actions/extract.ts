import { lineOf, textOf } from "../properties.ts";
import { isWritableVariable } from "../variable-table.ts";
import type { ActionKind } from "./action-kind.ts";
import { actionXPath } from "./action-xpath.ts";

/** `extract`: an expression over the input. */
export const extract: ActionKind = {
  served: ["xpath", "variable"],
  plan(planner, action, common) {
    const xpath = actionXPath(planner, action, lineOf(action, "xpath"), textOf(action, "xpath"));
    const variable = textOf(action, "variable");
    if (variable !== "" && !isWritableVariable(variable)) {
      const line = lineOf(action, "variable");
      planner.refusals.add(action, `variable "${variable}" cannot be set here`, line);
    }
    const output = common.output || (variable === "" ? "OUTPUT" : "NULL");
    return xpath === undefined
      ? undefined
      : { ...common, output, type: "extract", xpath, variable };
  },
};
