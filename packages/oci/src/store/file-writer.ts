import type { FileHandle } from "node:fs/promises";
import { releaseWhole } from "../blob/release.ts";

/** Bytes, and pieces, that go to the disk in one call. */
const batchBytes = 1024 * 1024;
const batchPieces = 256;
/** Written bytes that the disk is asked to take meanwhile, so that the sync at the end has little left to wait for. */
const syncBytes = 32 * 1024 * 1024;
/** Syncs hold a thread of the pool: one at a time, whatever the number of files. */
let isSyncing = false;

/**
 * Writes a file from its beginning, in large pieces, one of them on its way while the next is collected. Whatever is
 * put must not change afterwards; an error of one write is thrown by the next call. With `passing` the memory of
 * whatever is put is given back when it is written.
 */
export class FileWriter {
  readonly #handle: FileHandle;
  readonly #passing: boolean;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #running: Promise<void> = Promise.resolve();
  #unsynced = 0;
  #syncing: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle, options: { readonly passing: boolean }) {
    this.#handle = handle;
    this.#passing = options.passing;
  }

  async put(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= batchBytes || this.#pieces.length >= batchPieces) await this.#next();
  }

  /** Resolves when everything that was put is written. */
  async flush(): Promise<void> {
    await this.#next();
    await this.#running;
    // A failed sync is told once by the system: not to the one at the end
    await this.#syncing;
  }

  /** Waits for the write that is on its way, however it ends: the file may be closed then. */
  async settle(): Promise<void> {
    await this.#running.catch(() => undefined);
    await this.#syncing.catch(() => undefined);
  }

  #syncAhead(bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < syncBytes || isSyncing) return;
    isSyncing = true;
    this.#unsynced = 0;
    const before = this.#syncing;
    const sync = this.#handle.datasync().finally(() => {
      isSyncing = false;
    });
    this.#syncing = before.then(() => sync);
    this.#syncing.catch(() => undefined);
    sync.catch(() => undefined);
  }

  async #next(): Promise<void> {
    await this.#running;
    const [pieces, bytes] = [this.#pieces, this.#bytes];
    this.#pieces = [];
    this.#bytes = 0;
    if (bytes === 0) return;
    this.#syncAhead(bytes);
    const write = written(this.#handle, pieces, bytes);
    this.#running = this.#passing ? write.then(() => pieces.forEach(releaseWhole)) : write;
    this.#running.catch(() => undefined);
  }
}

async function written(
  handle: FileHandle,
  pieces: readonly Uint8Array[],
  bytes: number,
): Promise<void> {
  const { bytesWritten } = await handle.writev([...pieces]);
  // A disk that fills up takes a part first, and says so at the next write
  if (bytesWritten === bytes) return;
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  if (rest.length !== bytes - bytesWritten) throw new Error("a piece changed after it was put");
  await handle.writeFile(rest);
}
