import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `call`: another rule, which has to exist. */
export const call: ActionKind = {
  served: ["rule"],
  plan(planner, action, common) {
    const name = textOf(action, "rule");
    planner.ruleNamed(name, action, lineOf(action, "rule"));
    return { ...common, type: "call", output: common.output || "OUTPUT", rule: name };
  },
};
