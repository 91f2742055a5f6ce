import type { Image, Tree } from "@lithify/oci";
import type { Identity, Policy, SealedImage } from "@lithify/seal";

/**
 * What an instance is compared with. From a verified seal, or from the plain image
 * (then only what the image itself promises is compared: no policy, no read-only root).
 */
export type Baseline =
  | {
      readonly kind: "sealed";
      readonly image: Image;
      readonly tree: Tree;
      readonly policy: Policy;
      readonly identities: readonly Identity[];
    }
  | { readonly kind: "image"; readonly image: Image; readonly tree: Tree };

export function baselineOfSeal(sealed: SealedImage): Baseline {
  return {
    kind: "sealed",
    image: sealed.image,
    tree: sealed.tree,
    policy: sealed.statement.policy,
    identities: sealed.statement.identities,
  };
}

/** The image as it is in the store: for instances that run unsealed. */
export function baselineOfImage(image: Image, tree: Tree): Baseline {
  return { kind: "image", image, tree };
}
