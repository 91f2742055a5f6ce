import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { BlobStore, WriteOptions } from "../blob/blob-store.ts";
import { type Digest, hexOf } from "../blob/digest.ts";
import { onDisk, writeDurably } from "./durable-file.ts";

const chunkSize = 512 * 1024;

/** The blobs of an OCI image layout: `blobs/sha256/HEX` below the layout's directory. */
export class LayoutBlobs implements BlobStore {
  readonly #directory: string;

  constructor(layout: string) {
    this.#directory = join(layout, "blobs", "sha256");
  }

  get directory(): string {
    return this.#directory;
  }

  pathOf(digest: Digest): string {
    return join(this.#directory, hexOf(digest));
  }

  /** A blob that is asked for is young again: whoever asked is about to use it, and the clean-up must not take it. */
  has(digest: Digest): Promise<boolean> {
    return onDisk(this.#directory, async () => {
      const path = this.pathOf(digest);
      const found = await stat(path).catch(ignoreMissing);
      if (found?.isFile() !== true) return false;
      const now = new Date();
      const missing = await utimes(path, now, now).then(() => undefined, codeOf);
      return missing !== "ENOENT";
    });
  }

  async *open(digest: Digest, size?: number): AsyncGenerator<Uint8Array> {
    const handle = await this.#opened(digest);
    try {
      const { size: found } = await handle.stat();
      if (size !== undefined && found !== size) {
        throw new Fault("SIZE_MISMATCH", `blob ${digest}`, {
          values: { path: this.pathOf(digest), size, found },
        });
      }
      const hash = createHash("sha256");
      // One piece ahead: else a read would wait behind whatever the pool does with the piece before
      for (let next = this.#piece(handle); ; ) {
        const { bytesRead, buffer } = await next;
        if (bytesRead === 0) break;
        next = this.#piece(handle);
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        yield chunk;
      }
      const actual = `sha256:${hash.digest("hex")}`;
      if (actual !== digest) {
        throw new Fault("DIGEST_MISMATCH", `blob ${digest}`, {
          values: { path: this.pathOf(digest), actual },
        });
      }
    } finally {
      await handle.close();
    }
  }

  async write(
    bytes: AsyncIterable<Uint8Array> | Uint8Array,
    { verified }: WriteOptions = {},
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const chunks = bytes instanceof Uint8Array ? [bytes] : bytes;
    await onDisk(this.#directory, () => mkdir(this.#directory, { recursive: true }));
    const fill = async (put: (chunk: Uint8Array) => Promise<void>) => {
      const hash = createHash("sha256");
      let written = 0;
      for await (const chunk of chunks) {
        if (verified === undefined) hash.update(chunk);
        written += chunk.length;
        await put(chunk);
      }
      const digest = verified ?? (`sha256:${hash.digest("hex")}` as Digest);
      return { digest, size: written, path: this.pathOf(digest) };
    };
    const passing = verified !== undefined;
    const { digest, size } = await writeDurably(this.#directory, fill, { passing });
    return { digest, size };
  }

  /** The next bytes; an error is told when it is waited for. Closing the handle waits for the read. */
  #piece(handle: FileHandle) {
    const read = onDisk(this.#directory, () =>
      handle.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize),
    );
    read.catch(() => undefined);
    return read;
  }

  async #opened(digest: Digest): Promise<FileHandle> {
    const handle = await onDisk(this.#directory, () =>
      open(this.pathOf(digest), "r").catch(ignoreMissing),
    );
    if (handle !== undefined) return handle;
    throw new Fault("BLOB_UNKNOWN", `blob ${digest}`, { values: { store: this.#directory } });
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

function codeOf(error: NodeJS.ErrnoException): string | undefined {
  return error.code;
}
