import type { ActionKind } from "./action-kind.ts";

/** `strip-attachments`: of messages that have none; one that has any is refused when it comes. */
export const stripAttachments: ActionKind = {
  served: [],
  plan(_planner, _action, common) {
    return { ...common, type: "strip-attachments", output: common.output || "NULL" };
  },
};
