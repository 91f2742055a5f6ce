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
 * The statement about this image that its label binds. Others that somebody attached are passed
 * over: whoever can write to a store can attach anything, but not change the image's label.
 */
export async function attachedStatement(
  store: Store,
  image: Image,
): Promise<Statement | undefined> {
  const label = sealLabelOf(image.config);
  if (label === undefined) return undefined;
  for (const { bytes } of await store.attached(image, statementType)) {
    const statement = readable(bytes);
    if (statement?.image === image.digest && claimDigest(statement) === label) return statement;
  }
  return undefined;
}

function readable(bytes: Uint8Array): Statement | undefined {
  try {
    return parseStatement(bytes);
  } catch (error) {
    if (isFault(error, "SEAL_INVALID")) return undefined;
    throw error;
  }
}
