import { objectKey } from "../../config/model.ts";
import { requirePart } from "../../require-part.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

const require = requirePart(import.meta.url);

/** `slm`: counts the message by the statements of an slm-policy. */
export const slm: ActionKind = {
  served: ["slm"],
  plan(planner, action, common) {
    const name = textOf(action, "slm");
    const policy = planner.domain.objects.get(objectKey("SLMPolicy", name));
    if (policy?.enabled) {
      const room = require("../slm/slm-policy.ts") as typeof import("../slm/slm-policy.ts");
      return { ...common, type: "slm", policy: room.planSlmPolicy(planner, policy) };
    }
    planner.refusals.add(action, `slm-policy "${name}" does not exist`, lineOf(action, "slm"));
    return undefined;
  },
};
