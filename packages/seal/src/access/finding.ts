import type { RuleCode } from "../policy/rule-codes.ts";
import type { ManifestPlace } from "./manifest-place.ts";

/** The routes of docs/access-model.md: how an identity can change a protected object. */
export type RouteName =
  | "content" // 1
  | "add" // 2
  | "replace" // 3
  | "swap-ancestor" // 4
  | "sticky" // 5
  | "chmod" // 6
  | "chown" // 7
  | "times" // 8
  | "acl" // 9
  | "attribute" // 10
  | "acl-change" // 10
  | "inode-flags" // 11
  | "tmpfile-link" // 12
  | "hard-link-out" // 13
  | "link-target" // 14
  | "set-id" // 17, 18
  | "file-capability" // 19
  | "capability" // 20
  | "accounts" // 21
  | "loader" // 23
  | "path" // 24
  | "entrypoint" // 25
  | "profile" // 25
  | "runtime" // 26
  | "volume" // 27
  | "mount" // 28, 29
  | "shared-processes" // 16
  | "user-namespace" // 31
  | "privileged" // 20, 32 to 36
  | "host" // 35, 36
  | "writable-root" // the second fence
  | "device" // 33
  | "special" // 43
  | "missing"
  | "undecidable"
  | (string & {}); // the catalogue grows

/** One way by which one identity can change one protected object, or several with one root cause. */
export interface Finding {
  /** Code of the rule, with a page in docs/rules/. */
  readonly rule: RuleCode;
  /** The protected object. */
  readonly path: string;
  /** Further protected objects with the same root cause. */
  readonly alsoPaths?: readonly string[];
  readonly identity: string;
  readonly route: RouteName;
  /** Step by step, in plain words with the modes and owners that decide. */
  readonly witness: readonly string[];
  readonly fix: string;
  /** Set when the policy accepts it: it no longer makes the image mutable. */
  readonly waived?: { readonly reason: string; readonly expires: string };
  /** Set when a waiver of the policy would accept it, had it not expired. */
  readonly expired?: { readonly reason: string; readonly expires: string };
  /** Where the finding stands in a manifest that starts the image. */
  readonly place?: ManifestPlace;
}
