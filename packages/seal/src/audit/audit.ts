import type { Digest, Image, Store, Tree } from "@lithify/oci";
import type { Finding, RouteName } from "../access/finding.ts";
import { type AccessModel, modelOf } from "../access/model.ts";
import {
  accountsIn,
  type Contents,
  type Inspected,
  inspectImage,
} from "../contents/inspect-image.ts";
import type { Identity } from "../identity/identity.ts";
import type { Accounts } from "../identity/image-user.ts";
import type { Launch } from "../launch/launch.ts";
import {
  isRefused,
  type LaunchScan,
  type LaunchVerdict,
  launchOpen,
  launchScans,
} from "../launch/launch-scan.ts";
import type { Policy, Waiver } from "../policy/policy.ts";
import { isWithin } from "../policy/resolve.ts";
import { resolveIdentities } from "../policy/resolve-identities.ts";
import type { RuleCode } from "../policy/rule-codes.ts";
import { isAllPowerful } from "../rules/identity.ts";
import type { Hit, Rule, Scan } from "../rules/rule.ts";
import { ruleTable } from "../rules/rule-table.ts";
import { notProvenOf } from "./not-proven.ts";

/** The document of `lithify audit`. */
export interface AuditReport {
  readonly image: Digest;
  /** True when no finding is left that the policy does not waive. */
  readonly immutable: boolean;
  /** Protected objects looked at. */
  readonly objects: number;
  readonly identities: readonly AuditedIdentity[];
  /** What each identity can change, in the order of identities and rules. */
  readonly findings: readonly Finding[];
  /** The worst case: what any of the identities can change, one row for each rule. */
  readonly worst: readonly WorstCase[];
  readonly notProven: readonly string[];
  /** What each launch that was asked about does to the seal; absent where none was. */
  readonly launches?: readonly LaunchVerdict[];
  readonly seconds: number;
}

export type AuditedIdentity = Pick<
  Identity,
  "name" | "uid" | "gid" | "groups" | "capabilities" | "noNewPrivileges"
>;

/** All findings of one rule together. */
export interface WorstCase {
  readonly rule: RuleCode;
  readonly route: RouteName;
  /** The first object in the report. */
  readonly path: string;
  /** Different objects over all identities. */
  readonly objects: number;
  /** Names of the identities that have the finding. */
  readonly identities: readonly string[];
  /** Every finding of the row is waived. */
  readonly waived: boolean;
}

export interface AuditOptions {
  readonly policy: Policy;
  /** Instead of the policy's: names as `--as` takes them, or identities. */
  readonly identities?: readonly (string | Identity)[];
  /** The replayed tree, when the caller has it; without `contents` no program is followed. */
  readonly tree?: Tree;
  readonly contents?: Contents;
  /** Where the replayed tree is kept for the next time. */
  readonly store?: Pick<Store, "cacheDirectory">;
  /** For the expiry of waivers; now when left out. */
  readonly now?: Date;
  /** Ways in which manifests start the image: their identities are audited besides the others. */
  readonly launches?: readonly Launch[];
}

/**
 * What each identity could change in the image, with a witness: the static proof. It never runs
 * anything. Throws Fault IDENTITY_UNKNOWN, and what reading the image throws.
 */
export async function audit(image: Image, options: AuditOptions): Promise<AuditReport> {
  const begun = performance.now();
  const now = options.now ?? new Date();
  const inspected = await inspectedOf(image, options);
  const accounts = await accountsIn(image, inspected);
  const model = modelOf({
    tree: inspected.tree,
    contents: options.tree === undefined ? inspected.contents : options.contents,
    config: image.config,
    policy: options.policy,
    accounts,
  });
  const identities = chosenIdentities(image, options, accounts);
  const launches = launchScans(model, options.launches ?? []);
  const found = auditModel(model, identities, now, launches, image.digest);
  const started = launches.filter((scan) => !isRefused(scan)).map(({ identity }) => identity);
  return {
    image: image.digest,
    ...found,
    identities: [...identities, ...started].map(({ bounding: _, ...identity }) => identity),
    seconds: Math.round(performance.now() - begun) / 1000,
  };
}

async function inspectedOf(image: Image, options: AuditOptions): Promise<Inspected> {
  const { tree, contents, store } = options;
  if (tree !== undefined) return { tree, contents: contents ?? { at: () => undefined } };
  return inspectImage(image, { ...(store === undefined ? {} : { store }), digests: false });
}

/** The part of an audit that is a pure function of the model: findings in the order of identities and rules. */
export function auditModel(
  model: AccessModel,
  identities: readonly Identity[],
  now: Date,
  launches: readonly LaunchScan[] = [],
  image?: Digest,
): Pick<AuditReport, "immutable" | "objects" | "findings" | "worst" | "notProven" | "launches"> {
  const started = launches.filter((scan) => !isRefused(scan));
  const scans = [...scansOf(model, identities), ...started.map(scanOfLaunch)];
  const findings = scans
    .flatMap((scan) => rulesFor(scan).flatMap((rule) => findingsOf(rule, scan)))
    .map((finding) => withWaiver(finding, model.policy.waive ?? [], now));
  return {
    immutable: findings.every((finding) => finding.waived !== undefined),
    objects: model.protectedCount(),
    findings,
    worst: worstCase(findings),
    notProven: [
      ...launches.flatMap((scan) => launchOpen(scan, image)),
      ...notProvenOf(model, scans),
    ],
    ...(launches.length === 0
      ? {}
      : { launches: launches.map((scan) => verdictOf(scan, findings)) }),
  };
}

function verdictOf({ launch }: LaunchScan, findings: readonly Finding[]): LaunchVerdict {
  const left = findings.filter(
    ({ identity, waived }) => identity === launch.name && waived === undefined,
  );
  return {
    name: launch.name,
    place: launch.place,
    keepsSeal: left.length === 0,
    findings: left.length,
  };
}

function scanOfLaunch({ launch, identity, model }: LaunchScan): Scan {
  return { model, identity, view: model.viewOf(identity), launch };
}

/** What an audit of this model leaves open, without the audit. */
export function openQuestions(
  model: AccessModel,
  identities: readonly Identity[],
): readonly string[] {
  return notProvenOf(model, scansOf(model, identities));
}

function worstCase(findings: readonly Finding[]): readonly WorstCase[] {
  const order = Object.keys(ruleTable);
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  return [...byRule.values()]
    .map((row) => {
      const [first] = row as [Finding, ...Finding[]];
      const paths = new Set<string>();
      for (const { path, alsoPaths = [] } of row) {
        paths.add(path);
        for (const also of alsoPaths) paths.add(also);
      }
      return {
        rule: first.rule,
        route: first.route,
        path: first.path,
        objects: paths.size,
        identities: [...new Set(row.map(({ identity }) => identity))],
        waived: row.every(({ waived }) => waived !== undefined),
      };
    })
    .sort((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule));
}

function scansOf(model: AccessModel, identities: readonly Identity[]): readonly Scan[] {
  return identities.map((identity) => ({ model, identity, view: model.viewOf(identity) }));
}

function chosenIdentities(
  image: Image,
  options: AuditOptions,
  accounts: Accounts,
): readonly Identity[] {
  const user = image.config.config?.User ?? "";
  if (options.identities === undefined) return resolveIdentities(user, options.policy, accounts);
  return options.identities.flatMap((chosen) =>
    typeof chosen === "string"
      ? resolveIdentities(
          user,
          { ...policyWithout(options.policy), identities: [chosen] },
          accounts,
        )
      : [chosen],
  );
}

function policyWithout(policy: Policy): Policy {
  const { user: _, ...rest } = policy;
  return rest;
}

/** For an identity that no mode stops, the one finding that says so, and those about the image's configuration. */
function rulesFor(scan: Scan): readonly Rule[] {
  const rules = Object.values(ruleTable);
  if (!isAllPowerful(scan.identity)) return rules;
  return rules.filter((rule) => besidesRoot.has(rule.code));
}

/** What is said besides of an identity that no mode stops. */
const besidesRoot: ReadonlySet<RuleCode> = new Set([
  "LI-ROOT",
  "LI-MISSING",
  "LI-VOLUME",
  "LI-PRIVILEGED",
  "LI-MOUNT",
  "LI-ROOTFS",
  "LI-NAMESPACE",
  "LI-HOST",
]);

function findingsOf(rule: Rule, scan: Scan): readonly Finding[] {
  const groups = new Map<string, { readonly first: Hit; readonly paths: Set<string> }>();
  for (const hit of rule.check(scan)) {
    const group = groups.get(hit.cause);
    if (group === undefined) groups.set(hit.cause, { first: hit, paths: new Set([hit.path]) });
    else group.paths.add(hit.path);
  }
  return [...groups.values()].map(({ first, paths }) => {
    const [, ...alsoPaths] = paths;
    const place = first.place ?? scan.launch?.userPlace;
    return {
      rule: rule.code,
      path: first.path,
      ...(alsoPaths.length === 0 ? {} : { alsoPaths }),
      identity: scan.identity.name,
      route: rule.route,
      witness: first.witness(),
      fix: first.fix ?? rule.fix,
      ...(place === undefined ? {} : { place }),
    };
  });
}

/** A waiver with a path holds only when every object of the finding lies there; one that expired is only told of. */
function withWaiver(finding: Finding, waivers: readonly Waiver[], now: Date): Finding {
  const today = now.toISOString().slice(0, 10);
  const paths = [finding.path, ...(finding.alsoPaths ?? [])];
  const fitting = waivers.filter(
    ({ rule, path }) =>
      rule === finding.rule && (path === undefined || paths.every((each) => isWithin(each, path))),
  );
  const [first] = fitting;
  if (first === undefined) return finding;
  const valid = fitting.find(({ expires }) => today <= expires);
  const { reason, expires } = valid ?? first;
  return { ...finding, [valid === undefined ? "expired" : "waived"]: { reason, expires } };
}
