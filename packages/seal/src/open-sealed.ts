import { Fault } from "@lithify/fault";
import { type Image, replayLayers, type Store, type Tree } from "@lithify/oci";
import { attachedStatement } from "./attached-statement.ts";
import { merkleRoot } from "./merkle.ts";
import { type SealedImage, sealedImage } from "./sealed-image.ts";
import { protectedNodes, type Statement, sealLabelOf } from "./statement.ts";

/**
 * The sealed image of this name, verified: layers read and hashed, tree replayed, Merkle root
 * computed and compared. Throws Fault SEAL_MISSING for an image that was never sealed, SEAL_INVALID
 * for one that is not what its seal says or whose statement is gone, and what the store throws.
 */
export async function openSealed(store: Store, image: string | Image): Promise<SealedImage> {
  const found = typeof image === "string" ? await store.image(image) : image;
  if (sealLabelOf(found.config) === undefined) {
    throw new Fault("SEAL_MISSING", `the seal of ${nameOf(image)}`, {
      values: { image: found.digest },
    });
  }
  const statement = await attachedStatement(store, found);
  if (statement === undefined) {
    throw new Fault("SEAL_INVALID", `the seal of ${nameOf(image)}`, {
      why: "the image is labelled as sealed, but no statement that the label names is attached",
      values: { image: found.digest },
      hint: "Copy the image with its referrers, or seal it again.",
    });
  }
  const tree = await replayLayers(found.layers);
  checkRoot(tree, statement, nameOf(image));
  return sealedImage({ image: found, statement, tree });
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
