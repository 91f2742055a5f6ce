import type { ActionOf, ActionPlan } from "../../plan/actions/action-plan.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

type ActionType = ActionPlan["type"];

/** Runs an action of one type. */
type Runner<Type extends ActionType> = (run: RuleRun, action: ActionOf<Type>) => Outcome;

/** The runner of each type, in a file of its own that is loaded when a service has such an action. */
const runners: { readonly [Type in ActionType]: () => Promise<Runner<Type>> } = {
  aaa: async () => (await import("./aaa.ts")).runAaa,
  call: async () => (await import("./call.ts")).runCall,
  checkpoint: async () => () => undefined,
  conditional: async () => (await import("./branches.ts")).runConditional,
  "convert-http": async () => (await import("./convert-http.ts")).runConvertHttp,
  "event-sink": async () => (run, action) => run.join(action.actions, action.timeout),
  extract: async () => (await import("./extract.ts")).runExtract,
  fetch: async () => (await import("./fetch.ts")).runFetch,
  filter: async () => (await import("./transform.ts")).runFilter,
  "for-each": async () => (await import("./branches.ts")).runForEach,
  gatewayscript: async () => (await import("./gatewayscript.ts")).runGatewayScript,
  log: async () => (await import("./log.ts")).runLog,
  "method-rewrite": async () => (run, action) => {
    run.transaction.method = action.method;
    return undefined;
  },
  "on-error": async () => () => undefined,
  results: async () => (await import("./results.ts")).runResults,
  "results-async": async () => (await import("./results-async.ts")).runResultsAsync,
  rewrite: async () => (await import("./rewrite.ts")).runRewrite,
  "route-action": async () => (await import("./route-set.ts")).runRouteSet,
  "route-set": async () => (await import("./route-set.ts")).runRouteSet,
  setvar: async () => (await import("./setvar.ts")).runSetvar,
  slm: async () => (await import("./slm.ts")).runSlm,
  "strip-attachments": async () => (await import("./convert-http.ts")).runStripAttachments,
  validate: async () => (await import("./validate.ts")).runValidate,
  xform: async () => (await import("./transform.ts")).runTransform,
  xformbin: async () => (await import("./transform.ts")).runTransform,
  xformng: async () => (await import("./transform.ts")).runTransform,
  xformpi: async () => (await import("./transform.ts")).runTransform,
};

const loaded = new Map<ActionType, Runner<ActionType>>();

/** Loads what runs actions of these types: to be awaited before a service takes messages. */
export async function loadRunners(types: Iterable<ActionType>): Promise<void> {
  for (const type of types) {
    // the table has under each type what takes its actions
    if (!loaded.has(type)) loaded.set(type, (await runners[type]()) as Runner<ActionType>);
  }
}

/** Runs one action. */
export function runAction(run: RuleRun, action: ActionPlan): Outcome {
  const runner = loaded.get(action.type);
  if (runner !== undefined) return runner(run, action);
  return loadRunners([action.type]).then(() => loaded.get(action.type)!(run, action));
}
