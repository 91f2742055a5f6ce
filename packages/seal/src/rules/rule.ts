import type { TreeNode } from "@lithify/oci";
import type { RouteName } from "../access/finding.ts";
import type { IdentityView } from "../access/identity-view.ts";
import type { ManifestPlace } from "../access/manifest-place.ts";
import type { AccessModel } from "../access/model.ts";
import type { Identity } from "../identity/identity.ts";
import type { Launch } from "../launch/launch.ts";
import type { RuleCode } from "../policy/rule-codes.ts";

/** One way to look for changeable objects. A value with a page: docs/rules/CODE.md. */
export interface Rule {
  readonly code: RuleCode;
  /** What the rule finds, one clause. */
  readonly title: string;
  readonly route: RouteName;
  /** What to do about it when the hit has no better advice. */
  readonly fix: string;
  /** Every object that this route changes, in tree order. */
  check(scan: Scan): Iterable<Hit>;
}

/** What a rule looks at: one image, one identity. */
export interface Scan {
  readonly model: AccessModel;
  readonly identity: Identity;
  readonly view: IdentityView;
  /** How a manifest starts this identity; absent for one that the policy names. */
  readonly launch?: Launch;
}

/** One object that a rule found. Hits of one rule with an equal `cause` become one finding. */
export interface Hit {
  readonly path: string;
  readonly cause: string;
  /** Called for the first hit of a cause only. */
  readonly witness: () => readonly string[];
  readonly fix?: string;
  /** In the manifest. */
  readonly place?: ManifestPlace;
}

/** What makes objects changeable in the same way: the region, mode and owner that they share. */
export function sameModeCause(model: AccessModel, node: TreeNode): string {
  return `${model.regionOf(node.path)} ${node.type} ${node.mode} ${node.uid}:${node.gid}`;
}
