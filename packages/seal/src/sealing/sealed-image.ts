import type { Image, Tree } from "@lithify/oci";
import type { Statement } from "../statement/statement.ts";

declare const sealedBrand: unique symbol;

/** An image that is what its seal says. Only `seal()` and `openSealed()` make one. */
export interface SealedImage {
  readonly [sealedBrand]: true;
  readonly image: Image;
  readonly statement: Statement;
  /** The merged tree, contents hashed. */
  readonly tree: Tree;
}

/** Marks what has just been sealed or verified; not exported from the package. */
export function sealedImage(parts: Omit<SealedImage, typeof sealedBrand>): SealedImage {
  return parts as SealedImage;
}
