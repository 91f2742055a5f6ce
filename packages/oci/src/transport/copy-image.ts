import { isIntact } from "../blob/blob-read.ts";
import type { Image } from "../image/image.ts";
import type { Store } from "../store/store.ts";

/**
 * Copies an image, blob by blob, every byte verified on the way; what is there already, and intact, is not copied.
 * It gets the name `as`, or `ref` when left out, and keeps its digest.
 * @throws Fault IMAGE_UNKNOWN and what reading and writing blobs throws
 */
export async function copyImage(
  from: Store,
  to: Store,
  ref: string,
  options: { readonly as?: string } = {},
): Promise<Image> {
  const image = await from.image(ref);
  await copyBlobs(from, to, image);
  const name = options.as ?? ref;
  if (!name.includes("@") && !name.startsWith("sha256:")) await to.tag(name, image);
  return to.image(image.digest);
}

/** Copies the blobs of an image, its manifest last, so that a manifest never lacks a blob. */
export async function copyBlobs(from: Store, to: Store, image: Image): Promise<void> {
  const { config, layers } = image.manifest;
  for (const { digest, size } of [...layers, config, image.descriptor]) {
    if (!(await isIntact(to, digest, size))) {
      await to.write(from.open(digest, size), { verified: digest });
    }
  }
}
