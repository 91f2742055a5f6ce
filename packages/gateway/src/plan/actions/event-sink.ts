import { linesOf, numberOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `event-sink`: where asynchronous actions are waited for. */
export const eventSink: ActionKind = {
  served: ["async-action", "timeout"],
  plan(_planner, action, common) {
    const actions = linesOf(action, "async-action").map((line) => line.arguments[0] ?? "");
    return { ...common, type: "event-sink", actions, timeout: numberOf(action, "timeout") };
  },
};
