import { Fault } from "@lithify/fault";
import { isIntact } from "../blob/blob-read.ts";
import { isDigest } from "../blob/digest.ts";
import { readDocument } from "../image/image-open.ts";
import type { Descriptor } from "../image/manifest.ts";
import { indexMediaTypes, parseManifest } from "../image/manifest-parse.ts";
import type { BlobSink, ImageSource } from "../image/place.ts";
import { parseReference, referenceText } from "../image/reference.ts";
import { referrerDescriptor } from "../image/referrer.ts";
import { changeLayoutIndex, readLayoutIndex, refNameAnnotation } from "../store/layout-index.ts";
import type { Store } from "../store/store.ts";

/** Blobs that a disk is given at one time. */
const diskParallel = 4;

/** An image of a layout; `ref` as `Store.image` takes it. @throws Fault IMAGE_UNKNOWN, REFERENCE_INVALID */
export async function layoutSource(store: Store, ref: string): Promise<ImageSource> {
  const descriptors = await readLayoutIndex(store.directory);
  const root = descriptors.find((each) => nameOf(each) === ref) ?? (await byReference(store, ref));
  const { mediaType, digest, size } = root;
  return {
    blobs: store,
    root: { mediaType, digest, size },
    async referrers(subject) {
      const found: Descriptor[] = [];
      for (const descriptor of await readLayoutIndex(store.directory)) {
        if (nameOf(descriptor) !== undefined || indexMediaTypes.includes(descriptor.mediaType))
          continue;
        const manifest = parseManifest(await readDocument(store, descriptor), descriptor.digest);
        if (manifest.subject?.digest === subject) found.push(descriptor);
      }
      return found;
    },
    close: async () => undefined,
  };
}

/** A name in a layout; `exact` as `Store.tag` has it. A digest gives no name. */
export function layoutSink(
  store: Store,
  ref: string,
  options: { readonly exact: boolean },
): BlobSink {
  const name = options.exact || isDigest(ref) ? ref : referenceText(parseReference(ref));
  return {
    kind: "blobs",
    parallel: diskParallel,
    has: ({ digest, size }) => isIntact(store, digest, size),
    async put(descriptor, open) {
      const { digest, size } = descriptor;
      const written = await store.write(open(), { verified: digest });
      if (written.size === size) return "copied";
      throw new Fault("SIZE_MISMATCH", `blob ${digest}`, { values: { size, found: written.size } });
    },
    async putManifest(descriptor, bytes) {
      await store.write(bytes);
      if (indexMediaTypes.includes(descriptor.mediaType)) return;
      if (parseManifest(bytes).subject === undefined) return;
      const entry = referrerDescriptor(bytes, descriptor);
      await changeLayoutIndex(store.directory, (before) =>
        before.some(({ digest }) => digest === entry.digest) ? before : [...before, entry],
      );
    },
    async finish({ mediaType, digest, size }) {
      if (isDigest(name) || name.includes("@")) {
        if (name.endsWith(digest)) return;
        throw new Fault("REFERENCE_INVALID", "the name of an image to be written", {
          why: "it has another digest",
          values: { wanted: name, digest },
        });
      }
      const named = { mediaType, digest, size, annotations: { [refNameAnnotation]: name } };
      await changeLayoutIndex(store.directory, (before) => {
        const known = before.find((each) => nameOf(each) === name);
        if (known?.digest === digest) return before;
        return [...before.filter((each) => each !== known), named];
      });
    },
    close: async () => undefined,
  };
}

export function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[refNameAnnotation];
}

async function byReference(store: Store, ref: string): Promise<Descriptor> {
  const reference = parseReference(ref);
  const descriptors = await readLayoutIndex(store.directory);
  const found =
    reference.by === "tag"
      ? descriptors.find((each) => nameOf(each) === referenceText(reference))
      : descriptors.find((each) => each.digest === reference.digest);
  if (found !== undefined) return found;
  // A manifest that the layout holds without a name
  return (await store.image(ref)).descriptor;
}
