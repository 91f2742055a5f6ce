import { unreachable } from "@lithify/fault";
import type { ActionPlan } from "../../plan/actions/action-plan.ts";
import { runCall } from "./call.ts";
import { runGatewayScript } from "./gatewayscript.ts";
import { runResults } from "./results.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";
import { runSetvar } from "./setvar.ts";

/** Runs one action: a table of the types, each in a file of its own. */
export function runAction(run: RuleRun, action: ActionPlan): Outcome {
  switch (action.type) {
    case "call":
      return runCall(run, action);
    case "gatewayscript":
      return runGatewayScript(run, action);
    case "on-error":
      return undefined;
    case "results":
      return runResults(run, action);
    case "setvar":
      return runSetvar(run, action);
    default:
      return unreachable(action);
  }
}
