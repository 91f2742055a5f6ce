/** What `lithify.yaml` says, with the profile's defaults filled in. */
export interface Policy {
  readonly profile: "datapower" | "generic";
  /** Trees with exact modes; everything else that is not writable is protected too, with the modes it has less group and other write. */
  readonly trees: readonly PolicyTree[];
  /** Paths the process may write: each gets a tmpfs when run read-only. */
  readonly writable: readonly string[];
  /** Identities to prove for, as `--as` takes them. */
  readonly identities: readonly string[];
  /** The USER of the sealed image; absent: the image's own. */
  readonly user?: string;
}

export interface PolicyTree {
  readonly path: string;
  /** 0o755 */
  readonly directories: number;
  /** 0o644 */
  readonly files: number;
}
