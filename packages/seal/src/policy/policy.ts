/** What `lithify.yaml` says, with the profile's defaults filled in. */
export interface Policy {
  readonly profile: "datapower" | "generic";
  /** The name of the image that the policy is for; information only. */
  readonly image?: string;
  /** Trees with exact modes; everything else that is not writable is protected too, with the modes it has less group and other write. */
  readonly trees: readonly PolicyTree[];
  /** Paths the process may write: each gets a tmpfs when run read-only. */
  readonly writable: readonly string[];
  /** Identities to prove for, as `--as` takes them. */
  readonly identities: readonly string[];
  /** The USER of the sealed image; absent: the image's own. */
  readonly user?: string;
  /** Findings that are accepted; absent: none. */
  readonly waive?: readonly Waiver[];
  /** Set-user-id and set-group-id bits of files outside the trees; absent: keep. Inside they always go. */
  readonly setid?: "keep" | "remove";
  /** File capabilities outside the trees; absent: keep. Inside they always go. */
  readonly capabilities?: "keep" | "remove";
}

export interface PolicyTree {
  readonly path: string;
  /** 0o755 */
  readonly directories: number;
  /** 0o644 */
  readonly files: number;
}

/** One accepted finding: it stays in the report, marked, and no longer makes the image mutable. */
export interface Waiver {
  /** Code of the rule. */
  readonly rule: string;
  /** The object, or a directory above it; absent: every object. */
  readonly path?: string;
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`, UTC. */
  readonly expires: string;
}
