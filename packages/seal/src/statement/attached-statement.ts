import { isFault } from "@lithify/fault";
import type { Image, Store } from "@lithify/oci";
import {
  claimDigest,
  parseStatement,
  type Statement,
  sealLabelOf,
  statementType,
} from "./statement.ts";

/**
 * What is attached to an image. `found`: the statement that its label binds. `none`: no statement,
 * as with an image that was built on a sealed one and has its label, or was copied without
 * referrers. `others`: statements, but not the one of the label.
 */
export type AttachedStatement =
  | { readonly answer: "found"; readonly statement: Statement }
  | { readonly answer: "none" }
  | { readonly answer: "others" };

/**
 * The statement about this image that its label binds. Others that somebody attached are passed
 * over: whoever can write to a store can attach anything, but not change the image's label.
 */
export async function attachedStatement(
  store: Pick<Store, "attached">,
  image: Image,
): Promise<AttachedStatement> {
  const label = sealLabelOf(image.config);
  if (label === undefined) return { answer: "none" };
  const attached = await store.attached(image, statementType);
  for (const { bytes } of attached) {
    const statement = readable(bytes);
    if (statement?.image === image.digest && claimDigest(statement) === label) {
      return { answer: "found", statement };
    }
  }
  return { answer: attached.length === 0 ? "none" : "others" };
}

function readable(bytes: Uint8Array): Statement | undefined {
  try {
    return parseStatement(bytes);
  } catch (error) {
    if (isFault(error, "SEAL_INVALID")) return undefined;
    throw error;
  }
}
