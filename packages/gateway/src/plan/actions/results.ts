import type { ActionKind } from "./action-kind.ts";
import { deliveryOf, deliveryProperties } from "./place.ts";

/** `results`: a copy, or a message to a destination whose answer is the output where one is named. */
export const results: ActionKind = {
  served: ["http-method-limited", ...deliveryProperties],
  plan(planner, action, common) {
    const delivery = deliveryOf(planner, action, "http-method-limited");
    const output = common.output || (delivery === undefined ? "OUTPUT" : "NULL");
    return { ...common, type: "results", output, delivery };
  },
};
