export { loadConfiguration } from "./config/load.ts";
export type {
  ConfigDomain,
  ConfigObject,
  Configuration,
  Origin,
  Problem,
  PropertyLine,
} from "./config/model.ts";
export { type LintedObject, type LintFinding, type LintReport, lintConfiguration } from "./lint.ts";
export { type Log, type LogEvent, logLine, openLog, type Priority } from "./log.ts";
export { planServices } from "./plan/plan-services.ts";
export type { ListenerPlan, Obstacle, PlannedService, ServicePlan } from "./plan/service-plan.ts";
export type { Health } from "./serve/health.ts";
export {
  type Gateway,
  type GatewayOptions,
  type ServedPort,
  serveGateway,
} from "./serve/serve-gateway.ts";
export { inspectTrees, type TreeAccess } from "./trees.ts";
