import type { TreeDifference } from "@lithify/oci";

/** `injected`: by the engine (/etc/hosts); `declared`: below a writable path; `violation`: everything else. */
export type ChangeClass = "injected" | "declared" | "violation";

/** One difference between a running instance and its seal. */
export interface Change {
  readonly kind:
    | Exclude<TreeDifference["kind"], "device">
    | "environment"
    | "command"
    | "user"
    | "capabilities"
    | "mount"
    | "configuration";
  readonly class: ChangeClass;
  /** The object's path, the name of the fact (`env:PATH`), or of what a gateway serves differently. */
  readonly path: string;
  readonly was?: string;
  readonly is?: string;
}
