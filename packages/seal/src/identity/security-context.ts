/**
 * What a pod says about who its process is: the pod's and the container's securityContext laid over each
 * other, the container's first (kubernetes.io, "Configure a Security Context").
 */
export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  /** Merge, the default, adds the groups of the image's `/etc/group`; Strict does not (KEP-3619). */
  readonly supplementalGroupsPolicy?: "Merge" | "Strict";
  /** The process is a member of it, too. */
  readonly fsGroup?: number;
  /** Without it, and with true, no_new_privs is off. */
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  /** `capabilities.add` and `.drop`, with or without `CAP_`; `ALL` is all. */
  readonly addCapabilities?: readonly string[];
  readonly dropCapabilities?: readonly string[];
}
