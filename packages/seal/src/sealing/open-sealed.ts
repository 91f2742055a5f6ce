import { Fault, unreachable } from "@lithify/fault";
import { derivedText, type Image, type Store, type Tree } from "@lithify/oci";
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
  const { tree, kept } = await inspectImage(found, { store });
  await checkKeptRoot(tree, statement, nameOf(image), {
    store,
    ...(kept === undefined ? {} : { kept }),
  });
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

/** The root of a cached tree is kept beside it: it is a function of the tree and of what may be written. */
async function checkKeptRoot(
  tree: Tree,
  statement: Statement,
  name: string,
  from: Parameters<typeof derivedText>[0],
): Promise<void> {
  const { policy } = statement;
  const text = await derivedText(from, "roots", JSON.stringify(policy.writable), () =>
    rootText(tree, policy),
  );
  compareRoot(text, statement, name);
}

/** Throws Fault SEAL_INVALID where the tree has not the Merkle root of the statement. */
export function checkRoot(tree: Tree, statement: Statement, name: string): void {
  compareRoot(rootText(tree, statement.policy), statement, name);
}

function rootText(tree: Tree, policy: Statement["policy"]): string {
  const nodes = protectedNodes(tree, policy);
  return `${merkleRoot(nodes)} ${nodes.length}`;
}

function compareRoot(text: string, statement: Statement, name: string): void {
  if (text === `${statement.root} ${statement.objects}`) return;
  const [found = "", objects = ""] = text.split(" ");
  throw new Fault("SEAL_INVALID", `the seal of ${name}`, {
    why: "the Merkle root of the tree is not the one that the statement gives",
    values: { stated: statement.root, found, objects: Number(objects) },
  });
}

function nameOf(image: string | Image): string {
  return typeof image === "string" ? image : image.digest;
}
