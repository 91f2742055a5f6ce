import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Digest, hexOf } from "../blob/digest.ts";
import { readDocument } from "../image/image-open.ts";
import { type Descriptor, mediaTypes } from "../image/manifest.ts";
import {
  documentLimit,
  indexMediaTypes,
  parseIndex,
  parseManifest,
} from "../image/manifest-parse.ts";
import type { BlobSink, ImageSource } from "../image/place.ts";
import { referrerDescriptor } from "../image/referrer.ts";
import { writeDurably } from "../store/durable-file.ts";
import { refNameAnnotation } from "../store/layout-index.ts";
import { noXattrs, type TarEntry } from "../tar/entry.ts";
import { paddingOf } from "../tar/header.ts";
import { headerBytes } from "../tar/write.ts";
import { archiveFault, TarFile } from "./tar-file.ts";

/** An OCI image layout in a tar file. @throws Fault IMAGE_ARCHIVE_INVALID, IMAGE_UNKNOWN by way of `chosen` */
export async function openOciArchive(
  path: string,
  tag: string | undefined,
  chosen: (named: readonly Descriptor[], tag: string | undefined) => Descriptor,
): Promise<ImageSource> {
  const file = await TarFile.open(path);
  try {
    const index = parseIndex(
      await file.bytes("index.json", documentLimit),
      `index.json of ${path}`,
    );
    const blobs = {
      open: (digest: Digest, size?: number) => file.verified(blobName(digest), digest, size),
    };
    const { mediaType, digest, size } = chosen(index, tag);
    return {
      blobs,
      root: { mediaType, digest, size },
      async referrers(subject) {
        const found: Descriptor[] = [];
        for (const each of index) {
          if (indexMediaTypes.includes(each.mediaType)) continue;
          const manifest = parseManifest(await readDocument(blobs, each), each.digest);
          if (manifest.subject?.digest === subject) found.push(each);
        }
        return found;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes an OCI image layout as a tar file; what was there before is replaced at the end, by a whole one. */
export async function ociArchiveSink(path: string, tag: string | undefined): Promise<BlobSink> {
  const target = resolve(path);
  const directory = dirname(target);
  await mkdir(directory, { recursive: true }).catch((error: Error) => {
    throw archiveFault(path, error.message, { cause: error });
  });
  const written = new Set<Digest>();
  const entries: Descriptor[] = [];
  const end = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<(bytes: Uint8Array) => Promise<void>>();
  end.promise.catch(() => undefined);
  const fill = async (put: (bytes: Uint8Array) => Promise<void>) => {
    begun.resolve(put);
    await end.promise;
    return { path: target };
  };
  const file = writeDurably(directory, fill, { passing: true });
  file.catch((error: unknown) => begun.reject(error));
  const put = await begun.promise;
  const add = async (name: string, bytes: Uint8Array) => {
    await put(headerBytes(fileEntry(name, bytes.length)));
    await put(Buffer.from(bytes));
    await put(Buffer.alloc(paddingOf(bytes.length)));
  };
  await add("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  return {
    kind: "blobs",
    parallel: 1,
    has: async ({ digest }) => written.has(digest),
    async put({ digest, size }, open) {
      await put(headerBytes(fileEntry(blobName(digest), size)));
      for await (const chunk of open()) await put(chunk);
      await put(Buffer.alloc(paddingOf(size)));
      written.add(digest);
      return "copied";
    },
    async putManifest(descriptor, bytes) {
      if (written.has(descriptor.digest)) return;
      await add(blobName(descriptor.digest), bytes);
      written.add(descriptor.digest);
      if (indexMediaTypes.includes(descriptor.mediaType)) return;
      if (parseManifest(bytes).subject === undefined) return;
      entries.push(referrerDescriptor(bytes, descriptor));
    },
    async finish({ mediaType, digest, size }) {
      const annotations = tag === undefined ? {} : { annotations: { [refNameAnnotation]: tag } };
      const manifests = [{ mediaType, digest, size, ...annotations }, ...entries];
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      await add("index.json", Buffer.from(JSON.stringify(index)));
      await put(Buffer.alloc(1024));
      end.resolve();
      await file;
    },
    async close() {
      end.reject(new Error("given up"));
      await file.catch(() => undefined);
    },
  };
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

export function fileEntry(path: string, size: number): TarEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0, xattrs: noXattrs };
}
