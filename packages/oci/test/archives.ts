import type { TarEntry } from "../src/tar/entry.ts";
import { type TarInput, writeTar } from "../src/tar/write.ts";

/** An entry with everything that a test does not care about filled in. */
export function entryOf(
  path: string,
  type: TarEntry["type"],
  more: Partial<TarEntry> = {},
): TarEntry {
  const mode = type === "directory" ? 0o755 : 0o644;
  return { path, type, mode, uid: 0, gid: 0, size: 0, mtime: 0, xattrs: new Map(), ...more };
}

/** A file with this content. */
export function fileOf(path: string, content: string, more: Partial<TarEntry> = {}): TarInput {
  const body = Buffer.from(content);
  return { entry: entryOf(path, "file", { size: body.length, ...more }), body };
}

export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function archiveOf(inputs: Iterable<TarInput>): Promise<Buffer> {
  return collect(writeTar(inputs));
}

/** The bytes in pieces of this size. */
export async function* inPieces(bytes: Uint8Array, size = 65536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
