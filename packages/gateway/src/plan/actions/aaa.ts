import { objectKey } from "../../config/model.ts";
import { planAaaPolicy } from "../aaa/aaa-policy.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `aaa`: lets a client pass that the aaapolicy knows. */
export const aaa: ActionKind = {
  served: ["aaa-policy"],
  plan(planner, action, common) {
    const name = textOf(action, "aaa-policy");
    const policy = planner.domain.objects.get(objectKey("AAAPolicy", name));
    if (policy?.enabled) {
      return { ...common, type: "aaa", policy: planAaaPolicy(planner, policy) };
    }
    const line = lineOf(action, "aaa-policy");
    planner.refusals.add(action, `aaapolicy "${name}" does not exist`, line);
    return undefined;
  },
};
