import { lineOf, numberOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import { actionXPath } from "./action-xpath.ts";

/** `for-each`: an action for each node of an expression, or a number of times. */
export const forEach: ActionKind = {
  served: ["iterator-type", "iterator-expression", "iterator-count", "loop-action"],
  plan(planner, action, common) {
    const line = lineOf(action, "loop-action");
    const inner = planner.actionNamed(textOf(action, "loop-action"), action, line);
    const over =
      textOf(action, "iterator-type") === "COUNT"
        ? numberOf(action, "iterator-count")
        : actionXPath(
            planner,
            action,
            lineOf(action, "iterator-expression"),
            textOf(action, "iterator-expression"),
          );
    if (typeof over === "number" && !(over >= 1 && over <= mostIterations)) {
      const count = lineOf(action, "iterator-count");
      planner.refusals.add(action, `its count is not 1 to ${mostIterations}`, count);
    }
    if (inner === undefined || over === undefined) return undefined;
    return { ...common, output: common.output || "NULL", type: "for-each", over, inner: [inner] };
  },
};

/** Most turns of one loop: the most that a count may be. */
export const mostIterations = 32_768;
