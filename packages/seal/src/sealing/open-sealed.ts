import { Fault, unreachable } from "@lithify/fault";
import type { Image, Store, Tree } from "@lithify/oci";
import { inspectImage } from "../contents/inspect-image.ts";
import { attachedStatement } from "../statement/attached-statement.ts";
import { merkleRoot } from "../statement/merkle.ts";
import { protectedNodes, type Statement, sealLabelOf } from "../statement/statement.ts";
import { type SealedImage, sealedImage } from "./sealed-image.ts";

/**
 * The sealed image of this name, verified: layers read and hashed, tree replayed (or taken from the
 * store's cache, where that was done before), Merkle root computed and compared. Throws Fault SEAL_MISSING for an image without a statement, SEAL_INVALID
 * for one that is not what its seal says, and what the store throws.
 */
export async function openSealed(store: Store, image: string | Image): Promise<SealedImage> {
  const found = typeof image === "string" ? await store.image(image) : image;
  const { statement } = await statementOf(store, found, nameOf(image));
  const { tree } = await inspectImage(found, { store });
  checkRoot(tree, statement, nameOf(image));
  return sealedImage({ image: found, statement, tree });
}

async function statementOf(store: Store, image: Image, name: string) {
  const attached = await attachedStatement(store, image);
  const values = { image: image.digest };
  switch (attached.answer) {
    case "found":
      return attached;
    case "none": {
      if (sealLabelOf(image.config) === undefined) {
        throw new Fault("SEAL_MISSING", `the seal of ${name}`, { values });
      }
      throw new Fault("SEAL_MISSING", `the seal of ${name}`, {
        why: "the image has the label of a seal, but no statement is attached to it",
        values,
        hint: "It was built on a sealed image, or copied without its referrers: seal it, or copy it again.",
      });
    }
    case "others":
      throw new Fault("SEAL_INVALID", `the seal of ${name}`, {
        why: "statements are attached to the image, but not the one that its label names",
        values,
      });
    default:
      return unreachable(attached);
  }
}

function checkRoot(tree: Tree, statement: Statement, name: string): void {
  const nodes = protectedNodes(tree, statement.policy);
  const root = merkleRoot(nodes);
  if (root === statement.root && nodes.length === statement.objects) return;
  throw new Fault("SEAL_INVALID", `the seal of ${name}`, {
    why: "the Merkle root of the tree is not the one that the statement gives",
    values: { stated: statement.root, found: root, objects: nodes.length },
  });
}

function nameOf(image: string | Image): string {
  return typeof image === "string" ? image : image.digest;
}
