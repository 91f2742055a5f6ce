export { attemptsFor } from "./attempts.ts";
export { type AuditOptions, type AuditReport, audit } from "./audit.ts";
export { decide } from "./decide.ts";
export type { Finding, RouteName } from "./finding.ts";
export type { Identity } from "./identity.ts";
export { accountsOf, identitiesOf, resolveIdentity } from "./identity-resolve.ts";
export { type Accounts, defaultCapabilities } from "./image-user.ts";
export { accountsIn, type Contents, type Inspected, inspectImage } from "./inspect-image.ts";
export { securityContextIdentity } from "./kubernetes-identity.ts";
export type { PlannedLayer } from "./layer-choice.ts";
export { merkleRoot } from "./merkle.ts";
export { type AccessModel, modelOf, type Protection } from "./model.ts";
export { openSealed } from "./open-sealed.ts";
export type { Attempt, Decision, Operation } from "./operation.ts";
export { type PlanOptions, planSeal, type SealPlan } from "./plan.ts";
export type { Policy, PolicyTree, Waiver } from "./policy.ts";
export { parsePolicy } from "./policy-parse.ts";
export { defaultPolicy } from "./policy-profiles.ts";
export { isWithin, type ResolvedPolicy, resolvePolicy } from "./policy-resolve.ts";
export type { ReportAbout } from "./report/about.ts";
export { auditReportAs, isReportFormat, reportFormats } from "./report/formats.ts";
export { auditText } from "./report-text.ts";
export type { Hit, Rule, Scan } from "./rule.ts";
export { type RuleCode, ruleCodes } from "./rule-codes.ts";
export { ruleTable } from "./rule-table.ts";
export { type Sealed, type SealOptions, type SealResult, seal } from "./seal.ts";
export type { SealedImage } from "./sealed-image.ts";
export type { SecurityContext } from "./security-context.ts";
export { type Signature, type Signer, unsigned } from "./signer.ts";
export { protectedNodes, type Statement, statementType } from "./statement.ts";
export { fileContent } from "./volume/erofs-read.ts";
export {
  checkVolume,
  type OpenVolume,
  openVolume,
  refuseChanges,
  type VolumeCheck,
} from "./volume/volume-file.ts";
export {
  parseVolumeSeal,
  type VolumeSeal,
  volumeSealBytes,
  volumeSealLimit,
} from "./volume/volume-seal.ts";
export { type WrittenVolume, writeVolume } from "./volume/volume-write.ts";
