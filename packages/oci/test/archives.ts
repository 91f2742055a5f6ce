import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { expect } from "vitest";
import type { TarEntry } from "../src/tar-entry.ts";
import { type TarInput, writeTar } from "../src/tar-write.ts";

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

/** The code of the Fault that `run` ends in; undefined when it succeeds. Any other error fails the test. */
export async function faultCodeOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
}

export async function expectFault(code: string, run: () => Promise<unknown>): Promise<void> {
  expect(await faultCodeOf(run)).toBe(code);
}

export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-oci-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
