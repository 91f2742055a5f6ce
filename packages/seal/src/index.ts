export type { Finding, RouteName } from "./finding.ts";
export type { Identity } from "./identity.ts";
export type { Attempt, Decision, Operation } from "./operation.ts";
export type { Policy, PolicyTree } from "./policy.ts";
export { type Statement, statementType } from "./statement.ts";
