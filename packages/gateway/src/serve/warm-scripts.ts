import type { Log } from "../log.ts";
import { everyAction } from "../plan/every-action.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { ScriptRunner } from "../script/script-runner.ts";
import type { ScriptStore } from "../script/script-store.ts";

/**
 * Compiles the scripts before the first request, and begins to load the modules that they need;
 * what fails here fails again, as a fault, there.
 */
export function warmScripts(
  plan: ServicePlan,
  scripts: ScriptStore,
  runner: ScriptRunner,
  log: Log,
): void {
  for (const action of everyAction(plan.rules.values())) {
    if (action.type !== "gatewayscript" || action.file === "") continue;
    try {
      const { needsModules, needsXml } = scripts.load(action.file, action.location);
      if (needsModules) void loadFor(runner, needsXml);
    } catch (error) {
      log({
        domain: plan.domain,
        code: "8580005b",
        category: "gatewayscript",
        priority: "error",
        object: { kind: "action", name: action.name },
        text: `${action.origin.file}:${action.origin.line}: script ${action.location}: ${(error as Error).message}`,
      });
    }
  }
}

async function loadFor(runner: ScriptRunner, xml: boolean): Promise<void> {
  await runner.prepare();
  if (xml) runner.prepareXml();
}
