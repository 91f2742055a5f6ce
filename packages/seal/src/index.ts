export { decide } from "./access/decide.ts";
export type { Finding, RouteName } from "./access/finding.ts";
export { type AccessModel, modelOf, type Protection } from "./access/model.ts";
export type { Attempt, Decision, Operation } from "./access/operation.ts";
export { xattrText } from "./access/xattr-text.ts";
export { attemptsFor } from "./audit/attempts.ts";
export { type AuditOptions, type AuditReport, audit } from "./audit/audit.ts";
export { type StandIn, standInsFor } from "./audit/stand-ins.ts";
export {
  accountsIn,
  type Contents,
  type Inspected,
  inspectImage,
} from "./contents/inspect-image.ts";
export { capabilitiesOf } from "./identity/capability-names.ts";
export type { Identity } from "./identity/identity.ts";
export { type Accounts, defaultCapabilities } from "./identity/image-user.ts";
export { securityContextIdentity } from "./identity/kubernetes-identity.ts";
export type { SecurityContext } from "./identity/security-context.ts";
export { chooseLaunches } from "./launch/choose-launches.ts";
export type { Launch } from "./launch/launch.ts";
export { launchIdentity } from "./launch/launch-identity.ts";
export {
  checkSeals,
  composeLaunches,
  dockerRunLaunch,
  kubernetesLaunches,
  parsePolicy,
  planSeal,
  seal,
  writeVolume,
} from "./on-demand.ts";
export type { Policy, PolicyTree, Waiver } from "./policy/policy.ts";
export { defaultPolicy } from "./policy/profiles.ts";
export { isWithin, type ResolvedPolicy, resolvePolicy } from "./policy/resolve.ts";
export { accountsOf, identitiesOf, resolveIdentity } from "./policy/resolve-identities.ts";
export { type RuleCode, ruleCodes } from "./policy/rule-codes.ts";
export type { ReportAbout } from "./report/about.ts";
export { auditReportAs, isReportFormat, reportFormatNames } from "./report/formats.ts";
export type { Hit, Rule, Scan } from "./rules/rule.ts";
export { ruleTable } from "./rules/rule-table.ts";
export type { SealCheck } from "./sealing/check-seals.ts";
export type { PlannedLayer } from "./sealing/layer-choice.ts";
export { openSealed } from "./sealing/open-sealed.ts";
export type { PlanOptions, SealPlan } from "./sealing/plan.ts";
export type { Sealed, SealOptions, SealResult } from "./sealing/seal.ts";
export type { SealedImage } from "./sealing/sealed-image.ts";
export { merkleRoot } from "./statement/merkle.ts";
export { type Signature, type Signer, unsigned } from "./statement/signer.ts";
export {
  protectedNodes,
  type Statement,
  statementSizeLimit,
  statementType,
} from "./statement/statement.ts";
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
export type { WrittenVolume } from "./volume/volume-write.ts";
