import type { Configuration } from "../config/model.ts";
import type { LogTargetPlan } from "../log/plan-log-targets.ts";

/** The log targets of a configuration; what plans them is loaded only when there are some. */
export async function logTargetsOf(
  configuration: Configuration,
): Promise<readonly LogTargetPlan[]> {
  if (!holds(configuration, new Set(["LogTarget"]))) return [];
  const { planLogTargets } = await import("../log/plan-log-targets.ts");
  return planLogTargets(configuration);
}

/** True when any domain has an enabled object of one of these kinds. */
export function holds(configuration: Configuration, kinds: ReadonlySet<string>): boolean {
  for (const { objects } of configuration.domains.values()) {
    for (const { kind, enabled } of objects.values()) if (enabled && kinds.has(kind)) return true;
  }
  return false;
}
