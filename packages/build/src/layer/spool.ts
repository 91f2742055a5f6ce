import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { diskFault } from "./disk-fault.ts";
import type { Content } from "./entry.ts";
import { temporaryDirectory } from "./temporary.ts";

/** Bytes of a file up to which they stay in memory. */
const smallFile = 1 << 14;

/** A place to keep file contents between reading an archive and writing a sorted one. Close it. */
export class Spool {
  readonly #directory: string;
  #temporary: string | undefined;
  #file: FileHandle | undefined;
  #end = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async add(bytes: AsyncIterable<Uint8Array>, size: number): Promise<Content> {
    if (size <= smallFile) return memoryContent(bytes);
    const start = this.#end;
    try {
      const file = this.#file ?? (await this.#create());
      for await (const chunk of bytes) {
        await file.write(chunk, 0, chunk.length, this.#end);
        this.#end += chunk.length;
      }
    } catch (error) {
      throw diskFault(error, "a temporary file of the build");
    }
    const end = this.#end;
    const path = join(this.#temporary ?? "", "spool");
    return {
      async *open() {
        if (end === start) return;
        const options = { start, end: end - 1, highWaterMark: 1 << 18 };
        for await (const chunk of createReadStream(path, options)) yield chunk as Uint8Array;
      },
    };
  }

  async close(): Promise<void> {
    await this.#file?.close();
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
    this.#file = undefined;
    this.#temporary = undefined;
  }

  async #create(): Promise<FileHandle> {
    this.#temporary = await temporaryDirectory(this.#directory, "spool");
    this.#file = await open(join(this.#temporary, "spool"), "wx", 0o600);
    return this.#file;
  }
}

async function memoryContent(bytes: AsyncIterable<Uint8Array>): Promise<Content> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
  return {
    async *open() {
      yield* chunks;
    },
  };
}
