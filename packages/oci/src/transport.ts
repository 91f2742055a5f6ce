import { Fault } from "@lithify/fault";
import { copyBlobs } from "./copy.ts";
import type { Image } from "./image.ts";
import { openStore } from "./layout-store.ts";
import { parseReference } from "./reference.ts";
import type { Store } from "./store.ts";

/** Where an image is, as the command line names it: in the tool's own store, or in an OCI layout on disk. */
export type ImageLocation =
  | { readonly transport: "store"; readonly ref: string }
  | { readonly transport: "oci"; readonly directory: string; readonly tag?: string };

const laterTransports = ["docker-archive:", "oci-archive:", "docker-daemon:", "docker://"];

/**
 * `oci:DIR[:TAG]`, or a reference for the own store.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED
 */
export function parseImageLocation(text: string): ImageLocation {
  const later = laterTransports.find((prefix) => text.startsWith(prefix));
  if (later !== undefined) {
    throw new Fault("TRANSPORT_UNSUPPORTED", "the name of an image", {
      why: `${later} is none of them`,
      values: { name: text },
    });
  }
  if (!text.startsWith("oci:")) {
    parseReference(text);
    return { transport: "store", ref: text };
  }
  const rest = text.slice("oci:".length);
  const colon = rest.indexOf(":");
  const directory = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  if (directory === "" || tag === "") {
    throw new Fault("REFERENCE_INVALID", "the name of an image", {
      why: "it is not oci:DIRECTORY or oci:DIRECTORY:TAG",
      values: { name: text },
    });
  }
  return { transport: "oci", directory, ...(tag === undefined ? {} : { tag }) };
}

/**
 * The image at a location, and the store that holds it; `own` is the tool's own store.
 * `oci:DIR` without a tag is the one image of that layout.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED, IMAGE_UNKNOWN, STORE_UNREADABLE
 */
export async function openImageAt(
  text: string,
  own: Store,
): Promise<{ readonly image: Image; readonly store: Store }> {
  const location = parseImageLocation(text);
  if (location.transport === "store") return { image: await own.image(location.ref), store: own };
  const store = await openStore(location.directory, { create: false });
  return { image: await store.image(location.tag ?? (await onlyRef(store))), store };
}

/**
 * Copies an image of `from` to a location, every byte verified on the way. An OCI layout that is not there is made;
 * `oci:DIR` without a tag gives the tag `latest`.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED, STORE_FULL, STORE_UNREADABLE
 */
export async function putImageAt(
  text: string,
  image: Image,
  stores: { readonly from: Store; readonly own: Store },
): Promise<Image> {
  const location = parseImageLocation(text);
  const isOwn = location.transport === "store";
  const to = isOwn ? stores.own : await openStore(location.directory);
  await copyBlobs(stores.from, to, image);
  if (isOwn) await to.tag(location.ref, image);
  else await to.tag(location.tag ?? "latest", image, { exact: true });
  return to.image(image.digest);
}

async function onlyRef(store: Store): Promise<string> {
  const images = await store.list();
  const [first] = images;
  if (first !== undefined && images.length === 1) return first.ref;
  throw new Fault("IMAGE_UNKNOWN", `the image of ${store.directory}`, {
    why: images.length === 0 ? "the layout has no tagged image" : "the layout has several images",
    values: { images: images.map(({ ref }) => ref).join(" ") },
    hint: "Name one of its tags: oci:DIR:TAG.",
  });
}
