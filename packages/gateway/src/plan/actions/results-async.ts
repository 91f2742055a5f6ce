import { lineOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import { deliveryOf, deliveryProperties } from "./place.ts";

/** `results-async`: a message to a destination whose answer nobody waits for. */
export const resultsAsync: ActionKind = {
  served: ["http-method-limited", ...deliveryProperties],
  plan(planner, action, common) {
    const delivery = deliveryOf(planner, action, "http-method-limited");
    if (delivery !== undefined) return { ...common, type: "results-async", delivery };
    planner.refusals.add(action, "results-async needs a destination", lineOf(action, "type"));
    return undefined;
  },
};
