import { objectKey } from "../../config/model.ts";
import { requirePart } from "../../require-part.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

const require = requirePart(import.meta.url);

/** `aaa`: lets a client pass that the aaapolicy knows. */
export const aaa: ActionKind = {
  served: ["aaa-policy"],
  plan(planner, action, common) {
    const name = textOf(action, "aaa-policy");
    const policy = planner.domain.objects.get(objectKey("AAAPolicy", name));
    if (policy?.enabled) {
      const room = require("../aaa/aaa-policy.ts") as typeof import("../aaa/aaa-policy.ts");
      return { ...common, type: "aaa", policy: room.planAaaPolicy(planner, policy) };
    }
    const line = lineOf(action, "aaa-policy");
    planner.refusals.add(action, `aaapolicy "${name}" does not exist`, line);
    return undefined;
  },
};
