import type { Digest } from "@lithify/oci";
import type { Identity } from "./identity.ts";
import type { Policy } from "./policy.ts";

export const statementType = "application/vnd.lithify.seal.v1+json";

/** What was sealed: attached to the image as an OCI referrer of this artifact type. */
export interface Statement {
  readonly version: 1;
  /** Digest of the sealed image's manifest. */
  readonly image: Digest;
  /** Digest of the image that was sealed. */
  readonly from: Digest;
  /** Merkle root over every protected object: type, mode, owner, size, content, link target, xattrs. */
  readonly root: Digest;
  readonly objects: number;
  readonly policy: Policy;
  readonly identities: readonly Identity[];
  /** What the audit cannot decide, one sentence each. */
  readonly notProven: readonly string[];
}
