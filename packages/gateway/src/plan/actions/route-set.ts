import type { ConfigObject } from "../../config/model.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind, RulePlanner } from "./action-kind.ts";
import type { ActionCommon, ActionPlan } from "./action-plan.ts";
import { clientProfileOf } from "./place.ts";

/** `route-set`: a fixed backend, or one that a variable will name. */
export const routeSet: ActionKind = { served: ["destination", "ssl-client"], plan };

/** `route-action` with a destination; the stylesheet of one would have to choose it. */
export const routeAction: ActionKind = { served: ["destination", "ssl-client"], plan };

function plan(
  planner: RulePlanner,
  action: ConfigObject,
  common: ActionCommon,
): ActionPlan | undefined {
  const destination = textOf(action, "destination");
  const type = textOf(action, "type") === "route-set" ? "route-set" : "route-action";
  if (!/^(?:https?|var):\/\//.test(destination)) {
    const line = lineOf(action, "destination") ?? lineOf(action, "type");
    planner.refusals.add(action, `${type} to "${destination}" is not served`, line);
  }
  return { ...common, type, destination, sslProfile: clientProfileOf(planner, action) };
}
