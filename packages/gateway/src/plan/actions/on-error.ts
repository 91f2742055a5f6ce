import { lineOf, linesOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `on-error`: abort or continue. */
export const onError: ActionKind = {
  served: ["error-mode"],
  plan(planner, action, common) {
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
  },
};
