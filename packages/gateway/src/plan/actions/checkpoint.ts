import type { ActionKind } from "./action-kind.ts";

/** `checkpoint`: what it marks is for monitors, and a service that has some is refused. */
export const checkpoint: ActionKind = {
  served: ["event"],
  plan(_planner, _action, common) {
    return { ...common, type: "checkpoint" };
  },
};
