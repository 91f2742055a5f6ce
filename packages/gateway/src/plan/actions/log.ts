import { type Priority, priorities } from "../../log.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import { deliveryOf, deliveryProperties } from "./place.ts";

/** `log`: to the log with its category and priority, or to a destination. */
export const log: ActionKind = {
  served: ["log-level", "log-type", "http-method-limited2", ...deliveryProperties],
  plan(planner, action, common) {
    const level = textOf(action, "log-level") || "notice";
    if (!(priorities as readonly string[]).includes(level)) {
      planner.refusals.add(action, `log-level ${level} is not known`, lineOf(action, "log-level"));
    }
    return {
      ...common,
      type: "log",
      level: level as Priority,
      category: textOf(action, "log-type") || "multistep",
      delivery: deliveryOf(planner, action, "http-method-limited2"),
    };
  },
};
