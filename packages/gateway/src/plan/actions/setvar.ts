import { SecureProfiles } from "../backside/secure-profiles.ts";
import { lineOf, textOf } from "../properties.ts";
import { isWritableVariable } from "../variable-table.ts";
import type { ActionKind } from "./action-kind.ts";

/** `setvar`: a variable that policies may write. */
export const setvar: ActionKind = {
  served: ["variable", "value"],
  plan(planner, action, common) {
    const variable = textOf(action, "variable");
    const line = lineOf(action, "variable");
    if (!isWritableVariable(variable)) {
      planner.refusals.add(action, `variable "${variable}" cannot be set here`, line);
    }
    const value = textOf(action, "value");
    if (variable === "var://service/routing-url-sslprofile" && !/^(?:var:|$)/.test(value)) {
      const { root, domain, refusals } = planner;
      const profile = new SecureProfiles(root, domain, refusals).named(value);
      if (typeof profile === "string") refusals.add(action, profile, lineOf(action, "value"));
    }
    return { ...common, type: "setvar", variable, value };
  },
};
