export { type JunitCase, junitOf } from "./casefile/junit.ts";
export { type GatewayCase, readCases } from "./casefile/read-cases.ts";
export {
  type CaseFailure,
  type CaseResult,
  type RunOptions,
  runCases,
} from "./casefile/run-cases.ts";
export { compareConfigurations } from "./compare/compare-configurations.ts";
export type { Difference } from "./compare/difference.ts";
export { loadConfiguration, loadConfigurationFile } from "./config/load.ts";
export type {
  ConfigDomain,
  ConfigObject,
  Configuration,
  Origin,
  Problem,
  PropertyLine,
} from "./config/model.ts";
export { passwordOf } from "./config/password-alias.ts";
export { verifyPassword } from "./config/password-hash.ts";
export {
  type LintedObject,
  type LintFinding,
  type LintReport,
  lintConfiguration,
} from "./lint.ts";
export {
  type LiveChange,
  type LiveGateway,
  type LiveOptions,
  serveLive,
} from "./live/serve-live.ts";
export { type ManagedGateway, type ManagedOptions, serveManaged } from "./live/serve-managed.ts";
export { type Log, type LogEvent, logLine, openLog, type Priority, priorities } from "./log.ts";
export { type ManifestFile, type OperatorTree, readOperator } from "./operator/read-operator.ts";
export { planServices } from "./plan/plan-services.ts";
export type { ListenerPlan, Obstacle, PlannedService, ServicePlan } from "./plan/service-plan.ts";
export { printDomain } from "./print/print-domain.ts";
export type { GatewayOptions, ServedPort } from "./serve/gateway-options.ts";
export type { Health } from "./serve/health.ts";
export { type Gateway, serveGateway } from "./serve/serve-gateway.ts";
export { inspectTrees, type TreeAccess } from "./trees.ts";
export { whenUnfit } from "./unfit.ts";
