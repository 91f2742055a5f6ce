import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

/** A file of output that never grows beyond two times `limit`: when full it becomes `PATH.1`, and a new one begins. */
export interface OutputLog {
  write(bytes: Uint8Array): void;
  close(): void;
}

export function openOutputLog(path: string, limit: number): OutputLog {
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;
  return {
    write(bytes) {
      if (size > 0 && size + bytes.length > limit) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = openSync(path, "a", 0o600);
        size = 0;
      }
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      size += bytes.length;
    },
    close: () => closeSync(file),
  };
}

/** What is in the log, the older file first; then, while `follows` answers true, what is added. */
export async function* readOutputLog(
  path: string,
  follows: () => Promise<boolean>,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  for await (const bytes of readParts(path, follows, signal)) {
    const text = decoder.write(bytes);
    if (text !== "") yield text;
  }
  const rest = decoder.end();
  if (rest !== "") yield rest;
}

const pollMilliseconds = 50;

async function* readParts(
  path: string,
  follows: () => Promise<boolean>,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const older = await readFrom(`${path}.1`, 0);
  if (older !== undefined) yield older.bytes;
  let inode: number | undefined;
  let at = 0;
  while (signal?.aborted !== true) {
    const more = await follows();
    const part = await readFrom(path, at);
    if (part !== undefined && inode !== undefined && part.inode !== inode) {
      // It was turned into the older file: what was added to that first.
      const rest = await readFrom(`${path}.1`, at);
      if (rest !== undefined) yield rest.bytes;
      at = 0;
      inode = part.inode;
      continue;
    }
    if (part !== undefined) {
      inode = part.inode;
      at += part.bytes.length;
      yield part.bytes;
    }
    if (!more) return;
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => {});
  }
}

async function readFrom(
  path: string,
  at: number,
): Promise<{ readonly inode: number; readonly bytes: Buffer } | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, stat.size - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    return { inode: stat.ino, bytes: bytes.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
