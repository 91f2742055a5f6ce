import { Fault } from "@lithify/fault";
import type { Descriptor } from "../image/manifest.ts";
import { nameOf } from "./layout.ts";

/** What an index of a layout or archive has to be asked for. */
export interface Asked {
  /** The layout's or archive's path, for faults. */
  readonly path: string;
  readonly tag?: string | undefined;
  /** How a tag is written: `oci:DIR:TAG`. */
  readonly form: string;
}

/**
 * The image with this tag, or the only one: several names of one manifest are one image, and where names are, what has
 * none does not count. What is attached to images, and the tags that list it (`sha256-HEX`), are no images.
 * @throws Fault IMAGE_UNKNOWN
 */
export function soleImage(index: readonly Descriptor[], { path, tag, form }: Asked): Descriptor {
  const images = index.filter(({ artifactType }) => artifactType === undefined);
  const wanted =
    tag === undefined ? withoutLists(images) : images.filter((each) => nameOf(each) === tag);
  const named = wanted.filter((each) => nameOf(each) !== undefined);
  const found = named.length === 0 ? wanted : named;
  const [first] = found;
  if (first !== undefined && found.every(({ digest }) => digest === first.digest)) return first;
  const names = images.map((each) => nameOf(each) ?? each.digest);
  throw new Fault("IMAGE_UNKNOWN", `the image of ${path}`, {
    why:
      found.length > 0
        ? "it has several images"
        : tag === undefined
          ? "it has none"
          : "it has none of this name",
    values: { images: names.join(" ") },
    hint: `Name one of its tags: ${form}.`,
  });
}

/** Distribution specification 1.1, "Referrers Tag Schema". */
function withoutLists(images: readonly Descriptor[]): readonly Descriptor[] {
  return images.filter((each) => !/^sha256-[0-9a-f]{64}$/.test(nameOf(each) ?? ""));
}
