import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
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
  const older = await readPart(`${path}.1`, 0);
  if (older !== undefined && older.text !== "") yield older.text;
  let inode = 0;
  let at = 0;
  while (signal?.aborted !== true) {
    const more = await follows();
    const part = await readPart(path, at);
    if (part !== undefined && inode !== 0 && part.inode !== inode) {
      const rest = await readPart(`${path}.1`, at);
      if (rest !== undefined && rest.text !== "") yield rest.text;
      at = 0;
      inode = part.inode;
      continue;
    }
    if (part !== undefined) {
      inode = part.inode;
      at += part.bytes;
      if (part.text !== "") yield part.text;
    }
    if (!more) return;
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => {});
  }
}

const pollMilliseconds = 50;

/** From `at` to the end, without a character that is only half there. */
async function readPart(
  path: string,
  at: number,
): Promise<{ readonly inode: number; readonly bytes: number; readonly text: string } | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, stat.size - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    const whole = bytes.subarray(0, wholeCharacters(bytes.subarray(0, bytesRead)));
    return { inode: stat.ino, bytes: whole.length, text: whole.toString("utf8") };
  } finally {
    await file.close();
  }
}

/** Length without a UTF-8 sequence that begins in the last three bytes and does not end there. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
