import { isWritableVariable } from "../../serve/variable-table.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `setvar`: a variable that policies may write. */
export const setvar: ActionKind = {
  served: ["variable", "value"],
  plan(planner, action, common) {
    const variable = textOf(action, "variable");
    const line = lineOf(action, "variable");
    if (!isWritableVariable(variable)) {
      planner.refusals.add(action, `variable "${variable}" cannot be set here`, line);
    }
    return { ...common, type: "setvar", variable, value: textOf(action, "value") };
  },
};
