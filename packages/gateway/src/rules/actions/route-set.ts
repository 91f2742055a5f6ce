import { failureCodes, failureIn } from "../../message/failure.ts";
import { writeVariable } from "../../message/variables.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";
import { placeUrl } from "./send-url.ts";

type RouteAction = ActionOf<"route-set" | "route-action">;

/** Chooses the backend, and the TLS profile for it: as `routing-url` does. */
export function runRouteSet(run: RuleRun, action: RouteAction): Outcome {
  const { transaction } = run;
  const { input, sslProfile } = action;
  const destination = placeUrl(run, action.destination, input);
  try {
    writeVariable(transaction, "var://service/routing-url", destination, input);
    if (sslProfile !== "") {
      const profile = `client:${sslProfile}`;
      writeVariable(transaction, "var://service/routing-url-sslprofile", profile, input);
    }
    return undefined;
  } catch (error) {
    return failureIn(transaction, failureCodes.dynamicExecution, (error as Error).message);
  }
}
