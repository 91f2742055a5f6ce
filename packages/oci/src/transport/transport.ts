import { dirname, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import { untilAborted } from "../blob/until-aborted.ts";
import type { Image } from "../image/image.ts";
import type { Descriptor, Platform } from "../image/manifest.ts";
import type { ImageSink, ImageSource } from "../image/place.ts";
import { parseReference, referenceText } from "../image/reference.ts";
import { parseRegistryAddress } from "../registry/address.ts";
import { dockerKeychain, type Keychain } from "../registry/keychain.ts";
import type { RegistryOptions } from "../registry/limits.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readLayoutIndex } from "../store/layout-index.ts";
import { openStore } from "../store/layout-store.ts";
import type { Store } from "../store/store.ts";
import { copyBetween } from "./copy.ts";
import { copyBlobs } from "./copy-image.ts";
import { layoutSink, layoutSource, nameOf } from "./layout.ts";
import { soleImage } from "./sole-image.ts";

/** Where an image is, as the command line names it. */
export type ImageLocation =
  | { readonly transport: "store"; readonly ref: string }
  | { readonly transport: "oci"; readonly directory: string; readonly tag?: string }
  | { readonly transport: "oci-archive"; readonly file: string; readonly tag?: string }
  | { readonly transport: "docker-archive"; readonly file: string; readonly tag?: string }
  | { readonly transport: "docker-daemon"; readonly ref: string }
  | { readonly transport: "docker"; readonly address: string };

/** What reaching a location needs besides its name. */
export interface TransportOptions extends RegistryOptions {
  readonly own: Store;
  /** For DOCKER_HOST, DOCKER_CONFIG and HOME; none when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where credentials come from; those of `docker login` when left out. */
  readonly keychain?: Keychain;
  /** Which member of an index `openImageAt` takes, and what any other image must be for; this machine's member when left out. */
  readonly platform?: Platform;
}

const otherTransports = /^(dir|docker-untar|containers-storage|tarball|ostree|sif):/;

/**
 * A reference for the own store, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:REF]`,
 * `docker-daemon:REF` or `docker://HOST/REPOSITORY[:TAG|@DIGEST]`.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED
 */
export function parseImageLocation(text: string): ImageLocation {
  if (otherTransports.test(text)) {
    throw new Fault("TRANSPORT_UNSUPPORTED", "the name of an image", { values: { name: text } });
  }
  if (text.startsWith("docker://")) {
    const address = text.slice("docker://".length);
    parseRegistryAddress(address);
    return { transport: "docker", address };
  }
  const [, transport, rest = ""] =
    /^(oci|oci-archive|docker-archive|docker-daemon):(.*)$/s.exec(text) ?? [];
  if (transport === undefined) {
    parseReference(text);
    return { transport: "store", ref: text };
  }
  if (transport === "docker-daemon") {
    parseReference(rest);
    return { transport, ref: rest };
  }
  const colon = rest.indexOf(":");
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  if (path === "" || tag === "") {
    throw new Fault("REFERENCE_INVALID", "the name of an image", {
      why: `it is not ${transport}:PATH or ${transport}:PATH:NAME`,
      values: { name: text },
    });
  }
  if (transport === "docker-archive" && tag !== undefined) parseReference(tag);
  if (transport !== "docker-archive" && tag !== undefined) checkTag(tag);
  const tagged = tag === undefined ? {} : { tag };
  if (transport === "oci") return { transport, directory: path, ...tagged };
  const kind = transport === "oci-archive" ? transport : "docker-archive";
  return { transport: kind, file: path, ...tagged };
}

/** Opens a place to read an image from; close it. What reaches it is loaded then: most images are in the store. */
export async function openImageSource(
  text: string,
  options: TransportOptions,
): Promise<ImageSource> {
  const source = await sourceAt(text, options);
  const { signal } = options;
  return signal === undefined ? source : { ...source, blobs: untilAborted(source.blobs, signal) };
}

async function sourceAt(text: string, options: TransportOptions): Promise<ImageSource> {
  const location = parseImageLocation(text);
  const env = options.env ?? {};
  switch (location.transport) {
    case "store":
      return layoutSource(options.own, location.ref);
    case "oci": {
      const store = await openStore(location.directory, { create: false });
      return layoutSource(store, location.tag ?? (await onlyRef(store)));
    }
    case "oci-archive": {
      const { openOciArchive } = await import("../archive/oci-archive.ts");
      return openOciArchive(location.file, location.tag, chosenOf(location.file));
    }
    case "docker-archive": {
      const { openDockerArchive } = await import("../archive/docker-archive.ts");
      return openDockerArchive(location.file, location.tag);
    }
    case "docker-daemon": {
      const { openDaemonSource } = await import("../daemon/daemon.ts");
      return openDaemonSource(location.ref, env);
    }
    case "docker": {
      const { openRegistrySource } = await import("../registry/place.ts");
      return openRegistrySource(location.address, options.keychain ?? dockerKeychain(env), options);
    }
  }
}

/** Opens a place to write an image to; close it. A layout or archive without a tag gets `latest`. */
export async function openImageSink(text: string, options: TransportOptions): Promise<ImageSink> {
  const location = parseImageLocation(text);
  const env = options.env ?? {};
  switch (location.transport) {
    case "store":
      return layoutSink(options.own, location.ref, { exact: false });
    case "oci":
      return layoutSink(await openStore(location.directory), location.tag ?? "latest", {
        exact: true,
      });
    case "oci-archive": {
      const { ociArchiveSink } = await import("../archive/oci-archive.ts");
      return ociArchiveSink(location.file, location.tag ?? "latest");
    }
    case "docker-archive": {
      const { dockerArchive } = await import("../archive/docker-archive.ts");
      const path = resolve(location.file);
      const tag = location.tag === undefined ? undefined : dockerTag(location.tag);
      const put = async (image: Image, config: Uint8Array) => {
        const fill = async (write: (bytes: Uint8Array) => Promise<void>) => {
          for await (const chunk of dockerArchive(image, config, tag)) await write(chunk);
          return { path };
        };
        await writeDurably(dirname(path), fill, { passing: true });
      };
      return { kind: "form", put };
    }
    case "docker-daemon": {
      const { dockerArchive } = await import("../archive/docker-archive.ts");
      const { loadIntoDaemon } = await import("../daemon/daemon.ts");
      const tag = dockerTag(location.ref);
      return {
        kind: "form",
        put: (image, config) => loadIntoDaemon(dockerArchive(image, config, tag), env),
      };
    }
    case "docker": {
      const { openRegistrySink } = await import("../registry/place.ts");
      return openRegistrySink(location.address, options.keychain ?? dockerKeychain(env), options);
    }
  }
}

/**
 * The image at a location, and the store that holds it; `own` is the tool's own store. An image that is in no layout
 * is fetched into the own store, with what is attached to it and without a name.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED, IMAGE_UNKNOWN, STORE_UNREADABLE
 */
export async function openImageAt(
  text: string,
  own: Store,
  options: Omit<TransportOptions, "own"> = { env: process.env },
): Promise<{ readonly image: Image; readonly store: Store }> {
  const location = parseImageLocation(text);
  const chosen = options.platform === undefined ? {} : { platform: options.platform };
  if (location.transport === "store")
    return { image: await own.image(location.ref, chosen), store: own };
  if (location.transport === "oci") {
    const store = await openStore(location.directory, { create: false });
    return { image: await store.image(location.tag ?? (await onlyRef(store)), chosen), store };
  }
  const source = await openImageSource(text, { ...options, own });
  try {
    const sink = layoutSink(own, source.root.digest, { exact: true });
    const { digest } = await copyBetween(
      source,
      { ...sink, finish: async () => undefined },
      chosen,
    );
    return { image: await own.image(digest), store: own };
  } finally {
    await source.close();
  }
}

/**
 * Copies an image of `from` to a location, every byte verified on the way, and what is attached to it where the
 * location keeps that. An OCI layout that is not there is made; `oci:DIR` without a tag gives the tag `latest`.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED, STORE_FULL, STORE_UNREADABLE
 */
export async function putImageAt(
  text: string,
  image: Image,
  stores: { readonly from: Store; readonly own: Store },
  options: Omit<TransportOptions, "own"> = { env: process.env },
): Promise<Image> {
  const location = parseImageLocation(text);
  if (location.transport === "store" || location.transport === "oci") {
    const isOwn = location.transport === "store";
    const to = isOwn ? stores.own : await openStore(location.directory);
    await copyBlobs(stores.from, to, image);
    if (isOwn) await to.tag(location.ref, image);
    else await to.tag(location.tag ?? "latest", image, { exact: true });
    return to.image(image.digest);
  }
  const source = await layoutSource(stores.from, image.digest);
  const sink = await openImageSink(text, { ...options, own: stores.own });
  try {
    await copyBetween(source, sink);
  } finally {
    if (sink.kind === "blobs") await sink.close();
  }
  return image;
}

function chosenOf(path: string) {
  return (index: readonly Descriptor[], tag: string | undefined): Descriptor =>
    soleImage(index, { path, tag, form: "oci-archive:FILE:TAG" });
}

async function onlyRef(store: Store): Promise<string> {
  const index = await readLayoutIndex(store.directory);
  const image = soleImage(index, { path: store.directory, form: "oci:DIR:TAG" });
  return nameOf(image) ?? image.digest;
}

/** An archive or engine of Docker's files images by tags alone. */
function dockerTag(ref: string): string {
  const reference = parseReference(ref);
  if (reference.by === "tag") return referenceText(reference);
  throw new Fault("REFERENCE_INVALID", "the name of an image to be written", {
    why: "Docker gives images names with a tag, not with a digest",
    values: { reference: ref },
    hint: "Use NAME[:TAG].",
  });
}

/** OCI image specification, annotations: what org.opencontainers.image.ref.name may hold. */
function checkTag(tag: string): void {
  if (tag.length <= 255 && /^[A-Za-z0-9]+(?:[-._:@/+][A-Za-z0-9]+|--[A-Za-z0-9]+)*$/.test(tag))
    return;
  throw new Fault("REFERENCE_INVALID", "a name in an OCI image layout", { values: { name: tag } });
}
