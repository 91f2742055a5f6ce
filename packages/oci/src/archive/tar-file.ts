import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { posix } from "node:path";
import { Fault } from "@lithify/fault";
import { compressionOf } from "../blob/compression.ts";
import type { Digest } from "../blob/digest.ts";
import { type TarEntry, tarLimits } from "../tar/entry.ts";
import {
  blockSize,
  checkChecksum,
  fields,
  isZeroBlock,
  numberField,
  paddingOf,
} from "../tar/header.ts";
import { type Extension, memberOf } from "../tar/member.ts";

const chunkBytes = 1024 * 1024;
/** Links in a row that an archive's member may be reached by. */
const linkLimit = 8;

interface Place {
  readonly entry: TarEntry;
  readonly offset: number;
}

/** A tar file on disk whose members are read in any order: only the headers are read when it is opened. */
export class TarFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #members: ReadonlyMap<string, Place>;

  private constructor(path: string, handle: FileHandle, members: ReadonlyMap<string, Place>) {
    this.path = path;
    this.#handle = handle;
    this.#members = members;
  }

  /** @throws Fault IMAGE_ARCHIVE_INVALID, TAR_INVALID, LIMIT_EXCEEDED */
  static async open(path: string): Promise<TarFile> {
    const handle = await open(path, "r").catch((error: Error) => {
      const hint = "Check the path and its rights.";
      throw archiveFault(path, error.message, { cause: error, hint });
    });
    try {
      return new TarFile(path, handle, await membersOf(handle, path));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** Bytes of a member. @throws Fault IMAGE_ARCHIVE_INVALID when there is none */
  sizeOf(name: string): number {
    return this.#place(name).entry.size;
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const { entry, offset } = this.#place(name);
    for (let at = 0; at < entry.size; ) {
      const length = Math.min(chunkBytes, entry.size - at);
      const { bytesRead, buffer } = await this.#handle.read(
        Buffer.allocUnsafe(length),
        0,
        length,
        offset + at,
      );
      if (bytesRead === 0) throw archiveFault(this.path, `${name} is cut off`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** A small member whole. @throws Fault LIMIT_EXCEEDED */
  async bytes(name: string, limit: number): Promise<Buffer> {
    const size = this.sizeOf(name);
    if (size > limit) {
      throw new Fault("LIMIT_EXCEEDED", `${name} of an archive`, { values: { size, limit } });
    }
    return Buffer.concat(await Array.fromAsync(this.read(name)));
  }

  async *verified(name: string, digest: Digest, size?: number): AsyncGenerator<Uint8Array> {
    const found = this.sizeOf(name);
    if (size !== undefined && found !== size) {
      throw new Fault("SIZE_MISMATCH", `blob ${digest}`, {
        values: { archive: this.path, size, found },
      });
    }
    const hash = createHash("sha256");
    for await (const chunk of this.read(name)) {
      hash.update(chunk);
      yield chunk;
    }
    const actual = `sha256:${hash.digest("hex")}`;
    if (actual === digest) return;
    throw new Fault("DIGEST_MISMATCH", `blob ${digest}`, {
      values: { archive: this.path, actual },
    });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #place(name: string): Place {
    const place = this.#find(name);
    if (place !== undefined) return place;
    const hint = this.#members.has("index.json")
      ? "It is an OCI layout: name it oci-archive:FILE."
      : this.#members.has("manifest.json")
        ? "It is an archive of Docker: name it docker-archive:FILE."
        : undefined;
    throw archiveFault(this.path, `it has no file ${name}`, hint === undefined ? {} : { hint });
  }

  /** Older engines write a layer that occurs twice as a link to the first. Nothing leaves the archive. */
  #find(name: string): Place | undefined {
    let at = posix.normalize(name);
    for (let links = 0; links < linkLimit; links += 1) {
      const place = this.#members.get(at);
      if (place === undefined || place.entry.type === "file") return place;
      const { type, target = "" } = place.entry;
      if (type === "symlink") at = posix.join(posix.dirname(at), target);
      else if (type === "hardlink") at = target;
      else return undefined;
    }
    return undefined;
  }
}

export function archiveFault(
  path: string,
  why: string,
  more: { readonly cause?: unknown; readonly hint?: string } = {},
): Fault {
  const values = { path };
  return new Fault("IMAGE_ARCHIVE_INVALID", "an archive of images", { why, values, ...more });
}

async function membersOf(handle: FileHandle, path: string): Promise<ReadonlyMap<string, Place>> {
  const members = new Map<string, Place>();
  let extensions: Extension[] = [];
  let count = 0;
  for (let at = 0; ; ) {
    const header = await exactly(handle, at, blockSize);
    if (header.length === 0 && at > 0 && extensions.length === 0) return members;
    if (at === 0 && compressionOf(header) !== "none") throw archiveFault(path, "it is compressed");
    if (header.length < blockSize) throw archiveFault(path, "it is cut off");
    if (isZeroBlock(header)) return members;
    checkChecksum(header);
    at += blockSize;
    const type = String.fromCharCode(header[fields.type.at] as number);
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      const extension = await extensionAt(handle, type, header, at, extensions.length);
      extensions.push(extension);
      at += extension.body.length + paddingOf(extension.body.length);
      continue;
    }
    const { entry, storedSize, sparse } = memberOf(header, extensions, [], tarLimits);
    if (sparse !== undefined) throw archiveFault(path, "it holds a sparse file");
    extensions = [];
    count += 1;
    if (count > tarLimits.entries) {
      throw new Fault("LIMIT_EXCEEDED", "the members of a tar archive", {
        values: { limit: tarLimits.entries },
      });
    }
    members.set(entry.path, { entry, offset: at });
    at += storedSize + paddingOf(storedSize);
  }
}

async function extensionAt(
  handle: FileHandle,
  type: Extension["type"],
  header: Buffer,
  offset: number,
  before: number,
): Promise<Extension> {
  const size = numberField(header, fields.size, "size");
  if (size < 0 || size > tarLimits.extensionBytes || before >= tarLimits.extensions) {
    throw new Fault("LIMIT_EXCEEDED", "a tar extension header", { values: { bytes: size } });
  }
  const body = await exactly(handle, offset, size);
  if (body.length < size) throw new Fault("TAR_INVALID", "a tar archive", { why: "it is cut off" });
  return { type, header, body, padding: Buffer.alloc(0) };
}

async function exactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
