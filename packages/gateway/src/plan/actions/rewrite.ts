import { objectKey } from "../../config/model.ts";
import { lineOf, textOf } from "../properties.ts";
import { planUrlRewrite } from "../url-rewrite.ts";
import type { ActionKind } from "./action-kind.ts";

/** `rewrite`: a urlrewrite policy, applied here. */
export const rewrite: ActionKind = {
  served: ["urlrewrite-policy"],
  plan(planner, action, common) {
    const name = textOf(action, "urlrewrite-policy");
    const policy = planner.domain.objects.get(objectKey("URLRewritePolicy", name));
    if (policy?.enabled) {
      return { ...common, type: "rewrite", policy: planUrlRewrite(policy, planner.refusals) };
    }
    const line = lineOf(action, "urlrewrite-policy");
    planner.refusals.add(action, `urlrewrite policy "${name}" does not exist`, line);
    return undefined;
  },
};
