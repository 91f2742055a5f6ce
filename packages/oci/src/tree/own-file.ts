import { hash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../store/durable-file.ts";

const digestBytes = 32;

/** What a file of a cache holds, and the SHA-256 of it in hexadecimal. */
export interface OwnFile {
  readonly body: Buffer;
  readonly digest: string;
}

/**
 * A file of a cache: believed only when it begins with `form`, its body hashes to the digest in front of it, and nobody but
 * this user or root can write it. Undefined otherwise, and where it is larger than `limit` bytes or not there.
 */
export async function readOwnFile(
  path: string,
  form: string,
  limit: number,
): Promise<OwnFile | undefined> {
  try {
    const bytes = await ownBytes(path, limit);
    if (bytes === undefined || bytes.toString("latin1", 0, form.length) !== form) return undefined;
    const body = bytes.subarray(form.length + digestBytes);
    const digest = bytes.toString("hex", form.length, form.length + digestBytes);
    return hash("sha256", body) === digest ? { body, digest } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes what `readOwnFile` reads; of more than `count` files the ones not used for the longest time go. */
export async function writeOwnFile(
  directory: string,
  name: string,
  file: { readonly form: string; readonly body: Buffer; readonly count: number },
): Promise<void> {
  const path = join(directory, name);
  await writeDurably(directory, async (put) => {
    await put(Buffer.from(file.form, "latin1"));
    await put(Buffer.from(hash("sha256", file.body), "hex"));
    await put(file.body);
    return { path };
  });
  await forgetOldest(directory, file.count);
}

async function ownBytes(path: string, limit: number): Promise<Buffer | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { uid, mode, size } = await handle.stat();
    const isOwn = uid === 0 || uid === process.geteuid?.();
    if (!isOwn || (mode & 0o022) !== 0 || size > limit) return undefined;
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function forgetOldest(directory: string, count: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}$/u.test(name));
  if (names.length <= count) return;
  const ages = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs } = await stat(join(directory, name)).catch(() => ({ mtimeMs: 0 }));
      return { name, mtimeMs };
    }),
  );
  ages.sort((a, b) => a.mtimeMs - b.mtimeMs);
  for (const { name } of ages.slice(0, names.length - count)) {
    await rm(join(directory, name), { force: true }).catch(() => undefined);
  }
}
