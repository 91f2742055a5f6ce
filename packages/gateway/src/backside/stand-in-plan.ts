import type { ServicePlan } from "../plan/service-plan.ts";
import type { Network } from "./open-socket.ts";

/** The plan of a service whose backends and proxies a stand-in for tests takes the place of. */
export function standInPlan(plan: ServicePlan, { route }: Network): ServicePlan {
  if (route === undefined) return plan;
  const { backside } = plan;
  return { ...plan, backside: { ...backside, agent: { ...backside.agent, proxies: [] } } };
}
