import type { ActionKind } from "./action-kind.ts";

/** `results` without a destination. */
export const results: ActionKind = {
  served: [],
  plan(_planner, _action, common) {
    return { ...common, type: "results", output: common.output || "OUTPUT" };
  },
};
