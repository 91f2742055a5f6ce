import { textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `method-rewrite`: another method towards the backend. */
export const methodRewrite: ActionKind = {
  served: ["http-method"],
  plan(_planner, action, common) {
    return { ...common, type: "method-rewrite", method: textOf(action, "http-method") };
  },
};
