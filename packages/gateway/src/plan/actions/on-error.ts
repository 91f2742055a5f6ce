import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import type { OnErrorPlan } from "./action-plan.ts";

/** `on-error`: what becomes of failures of the actions after it, up to the next one. */
export const onError: ActionKind = {
  served: ["error-mode", "rule", "error-input", "error-output"],
  plan(planner, action, common) {
    const mode = textOf(action, "error-mode") || "abort";
    const rule = textOf(action, "rule");
    const line = lineOf(action, "error-mode");
    if (!["abort", "continue", "alternative"].includes(mode)) {
      planner.refusals.add(action, `on-error mode ${mode} is not known`, line);
    }
    if (mode === "alternative" && rule === "") {
      planner.refusals.add(action, "on-error mode alternative needs a rule", line);
    }
    if (rule !== "") planner.ruleNamed(rule, action, lineOf(action, "rule"));
    return {
      ...common,
      type: "on-error",
      mode: mode as OnErrorPlan["mode"],
      rule,
      errorInput: textOf(action, "error-input"),
      errorOutput: textOf(action, "error-output"),
    };
  },
};
