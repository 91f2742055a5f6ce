import { objectKey } from "../../config/model.ts";
import { lineOf, textOf } from "../properties.ts";
import { planSlmPolicy } from "../slm/slm-policy.ts";
import type { ActionKind } from "./action-kind.ts";

/** `slm`: counts the message by the statements of an slm-policy. */
export const slm: ActionKind = {
  served: ["slm"],
  plan(planner, action, common) {
    const name = textOf(action, "slm");
    const policy = planner.domain.objects.get(objectKey("SLMPolicy", name));
    if (policy?.enabled) {
      return { ...common, type: "slm", policy: planSlmPolicy(planner, policy) };
    }
    planner.refusals.add(action, `slm-policy "${name}" does not exist`, lineOf(action, "slm"));
    return undefined;
  },
};
