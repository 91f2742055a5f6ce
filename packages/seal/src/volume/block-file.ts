import type { FileHandle } from "node:fs/promises";
import { invalidVolume } from "./volume-fault.ts";

/** Bytes of a block: of the file system, of the data and of the hashes. */
export const blockSize = 4096;

/** `bytes` rounded up to whole blocks. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / blockSize) * blockSize;
}

const windowSize = 1024 * 1024;

/** A part of a file from its beginning, read by position through one window of 1 MiB; nothing beyond `size` is ever read. */
export class BlockFile {
  readonly #handle: FileHandle;
  readonly size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** The same file, no further than `size`. */
  first(size: number): BlockFile {
    return new BlockFile(this.#handle, Math.min(size, this.size));
  }

  /** A copy of these bytes. Throws Fault VOLUME_INVALID where they are not all in the file. */
  async bytes(at: number, length: number): Promise<Buffer> {
    this.#check(at, length);
    const kept = at - this.#windowAt;
    if (kept >= 0 && kept + length <= this.#window.length) {
      return Buffer.from(this.#window.subarray(kept, kept + length));
    }
    if (length >= windowSize) return this.#read(at, length);
    this.#window = await this.#read(at, Math.min(windowSize, this.size - at));
    this.#windowAt = at;
    return Buffer.from(this.#window.subarray(0, length));
  }

  /** These bytes in pieces of at most 1 MiB, in whole blocks but for the last. */
  async *stream(at: number, length: number): AsyncGenerator<Buffer> {
    this.#check(at, length);
    for (let done = 0; done < length; done += windowSize) {
      yield await this.#read(at + done, Math.min(windowSize, length - done));
    }
  }

  #check(at: number, length: number): void {
    const isInside = at >= 0 && length >= 0 && at + length <= this.size;
    if (!isInside) {
      throw invalidVolume("a part lies beyond its end", { at, length, size: this.size });
    }
  }

  async #read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, at + done);
      if (bytesRead === 0) throw invalidVolume("it ends early", { at: at + done });
      done += bytesRead;
    }
    return buffer;
  }
}

/** Writes all of these bytes at a position, however many calls that takes. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}
