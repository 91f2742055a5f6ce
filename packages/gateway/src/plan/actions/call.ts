import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `call`: another rule, which has to exist, or the variable that will name one of the domain. */
export const call: ActionKind = {
  served: ["rule"],
  plan(planner, action, common) {
    const name = textOf(action, "rule");
    if (/^var:\/\//.test(name)) planner.everyRule();
    else planner.ruleNamed(name, action, lineOf(action, "rule"));
    return { ...common, type: "call", output: common.output || "OUTPUT", rule: name };
  },
};
