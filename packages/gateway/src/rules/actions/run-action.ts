import { unreachable } from "@lithify/fault";
import type { ActionPlan } from "../../plan/actions/action-plan.ts";
import { runAaa } from "./aaa.ts";
import { runConditional, runForEach } from "./branches.ts";
import { runCall } from "./call.ts";
import { runConvertHttp, runStripAttachments } from "./convert-http.ts";
import { runExtract } from "./extract.ts";
import { runFetch } from "./fetch.ts";
import { runGatewayScript } from "./gatewayscript.ts";
import { runLog } from "./log.ts";
import { runResults } from "./results.ts";
import { runResultsAsync } from "./results-async.ts";
import { runRewrite } from "./rewrite.ts";
import { runRouteSet } from "./route-set.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";
import { runSetvar } from "./setvar.ts";
import { runSlm } from "./slm.ts";
import { runFilter, runTransform } from "./transform.ts";
import { runValidate } from "./validate.ts";

/** Runs one action: a table of the types, each in a file of its own. */
export function runAction(run: RuleRun, action: ActionPlan): Outcome {
  switch (action.type) {
    case "aaa":
      return runAaa(run, action);
    case "call":
      return runCall(run, action);
    case "conditional":
      return runConditional(run, action);
    case "convert-http":
      return runConvertHttp(run, action);
    case "event-sink":
      return run.join(action.actions, action.timeout);
    case "extract":
      return runExtract(run, action);
    case "fetch":
      return runFetch(run, action);
    case "filter":
      return runFilter(run, action);
    case "for-each":
      return runForEach(run, action);
    case "gatewayscript":
      return runGatewayScript(run, action);
    case "log":
      return runLog(run, action);
    case "method-rewrite":
      run.transaction.method = action.method;
      return undefined;
    case "checkpoint":
    case "on-error":
      return undefined;
    case "results":
      return runResults(run, action);
    case "results-async":
      return runResultsAsync(run, action);
    case "rewrite":
      return runRewrite(run, action);
    case "route-action":
    case "route-set":
      return runRouteSet(run, action);
    case "setvar":
      return runSetvar(run, action);
    case "slm":
      return runSlm(run, action);
    case "strip-attachments":
      return runStripAttachments(run, action);
    case "validate":
      return runValidate(run, action);
    case "xform":
    case "xformbin":
    case "xformng":
    case "xformpi":
      return runTransform(run, action);
    default:
      return unreachable(action);
  }
}
