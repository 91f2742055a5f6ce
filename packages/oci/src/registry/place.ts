import { Fault } from "@lithify/fault";
import type { BlobReader } from "../blob/blob-store.ts";
import type { Digest } from "../blob/digest.ts";
import type { Descriptor } from "../image/manifest.ts";
import {
  indexMediaTypes,
  manifestMediaTypes,
  parseIndex,
  parseManifest,
} from "../image/manifest-parse.ts";
import type { BlobSink, ImageSource } from "../image/place.ts";
import { referrerDescriptor } from "../image/referrer.ts";
import { parseRegistryAddress, type RegistryAddress } from "./address.ts";
import { RepositoryClient } from "./client.ts";
import { downloadBlob } from "./download.ts";
import type { Keychain } from "./keychain.ts";
import type { RegistryOptions } from "./limits.ts";
import { addFallbackReferrer, fetchManifest, fetchReferrers, putManifest } from "./manifests.ts";
import { uploadBlob } from "./upload.ts";

/**
 * An image in a registry, to be read. `text` is what follows `docker://`.
 * @throws Fault REFERENCE_INVALID, IMAGE_UNKNOWN, REGISTRY_*, CREDENTIALS_INVALID
 */
export async function openRegistrySource(
  text: string,
  keychain: Keychain,
  options: RegistryOptions,
): Promise<ImageSource> {
  const address = parseRegistryAddress(text);
  const client = new RepositoryClient(address, keychain, options, "pull");
  try {
    const root = await fetchManifest(client, address.reference);
    if (root === undefined) {
      throw new Fault("IMAGE_UNKNOWN", `image docker://${text}`, {
        values: { host: address.host },
      });
    }
    const blobs = new RegistryReader(client);
    blobs.remember(root.descriptor.digest, root.bytes);
    return {
      blobs,
      root: root.descriptor,
      repository: address,
      async referrers(digest) {
        const found = await fetchReferrers(client, digest);
        for (const descriptor of found) blobs.expect(descriptor);
        return found;
      },
      close: async () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A place in a registry, to be written. @throws Fault REFERENCE_INVALID, REGISTRY_INSECURE */
export function openRegistrySink(
  text: string,
  keychain: Keychain,
  options: RegistryOptions,
): BlobSink {
  const address = parseRegistryAddress(text);
  const client = new RepositoryClient(address, keychain, options, "pull,push");
  return {
    kind: "blobs",
    parallel: client.limits.parallel,
    async has({ digest, size }) {
      const answer = await client.request({ method: "HEAD", at: `blobs/${digest}` });
      answer.drop();
      // One that does not know the question is sent the blob
      if ([404, 405, 501].includes(answer.status)) return false;
      if (answer.status !== 200) throw await client.refusal(answer, `blob ${digest}`);
      const length = answer.headers["content-length"];
      return length === undefined || Number(length) === size;
    },
    async put(descriptor, open, from) {
      const mountFrom = mountable(address, from);
      return uploadBlob(client, {
        descriptor,
        open,
        ...(mountFrom === undefined ? {} : { mountFrom }),
      });
    },
    async putManifest(descriptor, bytes) {
      const isTracked = await putManifest(client, descriptor.digest, descriptor.mediaType, bytes);
      if (isTracked || indexMediaTypes.includes(descriptor.mediaType)) return;
      const { subject } = parseManifest(bytes);
      if (subject === undefined) return;
      await addFallbackReferrer(client, subject.digest, referrerDescriptor(bytes, descriptor));
    },
    async finish(root, bytes) {
      if (address.reference.startsWith("sha256:")) {
        if (address.reference === root.digest) return;
        throw new Fault("REFERENCE_INVALID", "the name of an image to be written", {
          why: "it has another digest",
          values: { wanted: address.reference, digest: root.digest },
        });
      }
      await putManifest(client, address.reference, root.mediaType, bytes);
    },
    close: async () => client.close(),
  };
}

function mountable(to: RegistryAddress, from: RegistryAddress | undefined): string | undefined {
  if (from === undefined || from.host !== to.host) return undefined;
  return from.repository === to.repository ? undefined : from.repository;
}

/** A registry keeps manifests and blobs apart: whatever a list of manifests names is a manifest. */
class RegistryReader implements BlobReader {
  readonly #client: RepositoryClient;
  readonly #manifests = new Map<Digest, Buffer | undefined>();

  constructor(client: RepositoryClient) {
    this.#client = client;
  }

  remember(digest: Digest, bytes: Buffer): void {
    this.#manifests.set(digest, bytes);
    if (isIndex(bytes)) for (const member of parseIndex(bytes)) this.expect(member);
  }

  expect({ digest, mediaType }: Descriptor): void {
    const isManifest = [...manifestMediaTypes, ...indexMediaTypes].includes(mediaType);
    if (isManifest && !this.#manifests.has(digest)) this.#manifests.set(digest, undefined);
  }

  async *open(digest: Digest, size?: number): AsyncGenerator<Uint8Array> {
    if (!this.#manifests.has(digest)) {
      yield* downloadBlob(this.#client, digest, size);
      return;
    }
    const bytes = this.#manifests.get(digest) ?? (await this.#fetched(digest));
    if (size !== undefined && bytes.length !== size) {
      throw new Fault("SIZE_MISMATCH", `manifest ${digest}`, {
        values: { size, found: bytes.length },
      });
    }
    yield Buffer.from(bytes);
  }

  async #fetched(digest: Digest): Promise<Buffer> {
    const found = await fetchManifest(this.#client, digest);
    if (found === undefined) throw new Fault("BLOB_UNKNOWN", `manifest ${digest}`);
    this.remember(digest, found.bytes);
    return found.bytes;
  }
}

function isIndex(bytes: Buffer): boolean {
  try {
    const fields = JSON.parse(bytes.toString("utf8")) as { manifests?: unknown } | null;
    return Array.isArray(fields?.manifests);
  } catch {
    return false;
  }
}
