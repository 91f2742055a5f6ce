import type { Configuration } from "../config/model.ts";
import type { InterfacePlan } from "../manage/interface-plan.ts";
import { holds } from "./log-targets-of.ts";

/** The management interfaces of a configuration; what plans them is loaded only when there are some. */
export async function interfacesOf(
  configuration: Configuration,
): Promise<readonly InterfacePlan[]> {
  if (!holds(configuration, new Set(["RestMgmtInterface", "WebGUI"]))) return [];
  const { planManagement } = await import("../manage/plan-management.ts");
  return planManagement(configuration);
}
