import { Fault } from "@lithify/fault";
import { type Digest, digestOf, type ImageConfig, type Tree, type TreeNode } from "@lithify/oci";
import { writableMarks } from "../access/writable-marks.ts";
import type { Identity } from "../identity/identity.ts";
import type { Policy } from "../policy/policy.ts";
import { canonicalJson } from "./canonical-json.ts";

export const statementType = "application/vnd.lithify.seal.v1+json";

/** The label of a sealed image: the digest of its statement's claim. The image's own digest covers it. */
export const sealLabel = "io.lithify.seal";

/** Bytes of a statement at most. */
export const statementSizeLimit = 1024 * 1024;

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
  /** Paths as they are in the image, links followed; the user filled in. */
  readonly policy: Policy;
  readonly identities: readonly Identity[];
  /** What the audit cannot decide, one sentence each. */
  readonly notProven: readonly string[];
}

/** A statement without the digests of images: what the label of the sealed image binds. */
export type Claim = Omit<Statement, "image" | "from">;

/** The objects that a seal covers: all but the writable paths and what they hold. */
export function protectedNodes(tree: Tree, policy: Policy): readonly TreeNode[] {
  const isWritable = writableMarks(tree, policy);
  return [...tree].filter((_, number) => isWritable[number] === 0);
}

/** The value of the label for this claim: the SHA-256 of its canonical JSON. */
export function claimDigest(claim: Claim): Digest {
  const { version, root, objects, policy, identities, notProven } = claim;
  return digestOf(canonicalJson({ version, root, objects, policy, identities, notProven }));
}

export function statementBytes(statement: Statement): Buffer {
  return Buffer.from(`${canonicalJson(statement)}\n`, "utf8");
}

/** The label of a configuration; undefined when the image is not sealed. */
export function sealLabelOf(config: ImageConfig): string | undefined {
  return config.config?.Labels?.[sealLabel];
}

/** Reads a statement's form, not its truth. Throws Fault SEAL_INVALID. */
export function parseStatement(bytes: Uint8Array): Statement {
  if (bytes.length > statementSizeLimit) throw malformed("it is larger than a statement may be");
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw malformed("it is not JSON", cause);
  }
  if (!isStatement(document)) throw malformed("a field is missing or has a wrong type");
  return document;
}

function isStatement(document: unknown): document is Statement {
  if (typeof document !== "object" || document === null) return false;
  const { version, image, from, root, objects, policy, identities, notProven } = document as Record<
    string,
    unknown
  >;
  return (
    version === 1 &&
    [image, from, root].every((text) => typeof text === "string") &&
    typeof objects === "number" &&
    isPolicy(policy) &&
    Array.isArray(identities) &&
    Array.isArray(notProven)
  );
}

function isPolicy(value: unknown): value is Policy {
  if (typeof value !== "object" || value === null) return false;
  const { trees, writable, identities } = value as Record<string, unknown>;
  return [trees, writable, identities].every(Array.isArray);
}

function malformed(why: string, cause?: unknown): Fault {
  return new Fault("SEAL_INVALID", "reading a statement", { why, cause });
}
