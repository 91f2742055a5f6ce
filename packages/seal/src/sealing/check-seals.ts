import { Fault } from "@lithify/fault";
import {
  type Descriptor,
  type Digest,
  type Image,
  type ImageSource,
  openImage,
  readArtifact,
  replayLayers,
} from "@lithify/oci";
import { attachedStatement } from "../statement/attached-statement.ts";
import {
  type Statement,
  sealLabelOf,
  statementSizeLimit,
  statementType,
} from "../statement/statement.ts";
import { checkRoot } from "./open-sealed.ts";

/** What the statements of one image are worth, wherever the image lies. */
export type SealCheck = { readonly image: Digest } & (
  | {
      /** The label binds the statement, and the tree has its Merkle root. */
      readonly answer: "holds";
      readonly root: Digest;
      readonly objects: number;
      /** Signatures attached to the image, counted and not verified. */
      readonly signatures: number;
    }
  /** Its label names a statement that is not attached. */
  | { readonly answer: "missing" }
  /** Statements are attached, but it has no label: they say nothing. */
  | { readonly answer: "unbound"; readonly statements: number }
);

/** Artifact types of signatures, as sigstore and notation have them. */
const signatureType = /sigstore|cosign|cncf\.notary\.signature/u;

/**
 * Reads the statements of these images and computes their Merkle roots anew. An image without label and statement is
 * left out. Throws Fault SEAL_INVALID for an image that is not what its statement says, and what reading it throws.
 */
export async function checkSeals(
  source: ImageSource,
  images: readonly Descriptor[],
): Promise<readonly SealCheck[]> {
  const checks: SealCheck[] = [];
  for (const descriptor of images) {
    const check = await checkSeal(source, descriptor);
    if (check !== undefined) checks.push(check);
  }
  return checks;
}

async function checkSeal(
  source: ImageSource,
  descriptor: Descriptor,
): Promise<SealCheck | undefined> {
  const image = await openImage(source.blobs, descriptor, descriptor.digest);
  const referrers = await source.referrers(image.digest);
  const statements = referrers.filter(({ artifactType }) => artifactType === statementType);
  const label = sealLabelOf(image.config);
  if (label === undefined) {
    if (statements.length === 0) return undefined;
    return { image: image.digest, answer: "unbound", statements: statements.length };
  }
  const attached = async () => Promise.all(statements.map((each) => statementAt(source, each)));
  const found = await attachedStatement({ attached }, image);
  if (found.answer === "none") return { image: image.digest, answer: "missing" };
  if (found.answer === "others") {
    throw new Fault("SEAL_INVALID", `the seal of ${image.digest}`, {
      why: "statements are attached to the image, but not the one that its label names",
      values: { image: image.digest, statements: statements.length },
    });
  }
  await checkTree(image, found.statement);
  const { root, objects } = found.statement;
  const signatures = referrers.filter(({ artifactType = "" }) => signatureType.test(artifactType));
  return { image: image.digest, answer: "holds", root, objects, signatures: signatures.length };
}

async function checkTree(image: Image, statement: Statement): Promise<void> {
  checkRoot(await replayLayers(image.layers), statement, image.digest);
}

async function statementAt({ blobs }: ImageSource, descriptor: Descriptor) {
  const bytes = await readArtifact(blobs, descriptor, statementSizeLimit);
  return { descriptor, bytes: bytes ?? Buffer.alloc(0) };
}
