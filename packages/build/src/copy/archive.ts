import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault, isFault } from "@lithify/fault";
import { readTar, type TarEntry } from "@lithify/oci";
import { type Content, joinPath, type LayerEntry } from "../layer/entry.ts";
import { layerEntry } from "../layer/normalise.ts";
import type { Spool } from "../layer/spool.ts";
import type { Draft } from "./draft.ts";
import type { Destination } from "./place.ts";

/** Bytes of a tar header: enough to tell whether a file is an archive. */
const headerSize = 512;

/**
 * Unpacks a tar archive (plain, gzip or zstd) into the destination, as ADD does with a local one.
 * False when the file is no archive, and is to be copied as it is.
 * @throws Fault ARCHIVE_INVALID for a broken archive, and for bzip2 and xz
 */
export async function unpackArchive(
  draft: Draft,
  destination: Destination,
  file: { readonly name: string; readonly content: Content },
  spool: Spool,
): Promise<boolean> {
  const { place } = destination;
  const kind = archiveKind(await firstBytes(file.content.open(), headerSize));
  if (kind === "bzip2" || kind === "xz")
    throw new Fault("ARCHIVE_INVALID", `unpacking ${file.name}`, {
      why: `${kind} is not supported`,
      hint: "compress it with gzip or zstd, or use COPY to keep it packed",
      place,
    });
  const bytes = () => decompressed(file.content.open(), kind);
  const header = await firstBytes(bytes(), headerSize).catch(() => new Uint8Array());
  if (!isTarHeader(header)) return false;
  try {
    await unpack(draft, destination, bytes(), spool);
  } catch (error) {
    if (isFault(error, "COPY_CONFLICT", "LIMIT_EXCEEDED", "STORE_FULL", "CONTEXT_UNREADABLE"))
      throw error;
    throw new Fault("ARCHIVE_INVALID", `unpacking ${file.name}`, {
      why: error instanceof Error ? error.message : String(error),
      place,
      cause: error,
    });
  }
  return true;
}

async function unpack(
  draft: Draft,
  destination: Destination,
  bytes: AsyncIterable<Uint8Array>,
  spool: Spool,
): Promise<void> {
  const base = draft.resolve(destination.path);
  draft.makeDirectories(base, destination.mode?.(0o755, true), destination.owner);
  const files = new Map<string, LayerEntry>();
  for await (const { entry, body } of readTar(bytes)) {
    if (entry.path === "" || entry.path === ".") continue;
    if (entry.path.split("/").includes(".."))
      throw new Fault("ARCHIVE_INVALID", entry.path, { why: "it leads out of the archive" });
    const made = await unpacked(entry, body, files, spool);
    files.set(entry.path, made);
    const mode =
      made.type === "symlink"
        ? made.mode
        : destination.mode?.(made.mode, made.type === "directory");
    draft.putThroughLinks({
      ...made,
      path: joinPath(base, entry.path),
      mode: mode ?? made.mode,
      ...(destination.owner ?? {}),
    });
  }
}

async function unpacked(
  entry: TarEntry,
  body: AsyncIterable<Uint8Array>,
  files: ReadonlyMap<string, LayerEntry>,
  spool: Spool,
): Promise<LayerEntry> {
  if (entry.type !== "hardlink")
    return layerEntry(entry, entry.type === "file" ? await spool.add(body, entry.size) : undefined);
  const linked = files.get(entry.target ?? "");
  if (linked === undefined)
    throw new Fault("ARCHIVE_INVALID", entry.path, {
      why: `it is a hard link to ${entry.target}, which is not before it in the archive`,
    });
  return linked;
}

type ArchiveKind = "plain" | "gzip" | "zstd" | "bzip2" | "xz";

function archiveKind(bytes: Uint8Array): ArchiveKind {
  const hex = Buffer.from(bytes.subarray(0, 6)).toString("hex");
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("28b52ffd")) return "zstd";
  if (hex.startsWith("425a68")) return "bzip2";
  return hex === "fd377a585a00" ? "xz" : "plain";
}

/** A tar header's checksum is the sum of its bytes, the checksum field taken as blanks (POSIX, ustar). */
function isTarHeader(header: Uint8Array): boolean {
  if (header.length < headerSize) return false;
  const field = Buffer.from(header.subarray(148, 156)).toString("latin1");
  const stated = Number.parseInt(field.replaceAll("\0", " ").trim(), 8);
  const sum = header.reduce(
    (total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte),
    0,
  );
  return stated === sum;
}

async function firstBytes(bytes: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

async function* decompressed(
  bytes: AsyncIterable<Uint8Array>,
  kind: ArchiveKind,
): AsyncGenerator<Uint8Array> {
  if (kind !== "gzip" && kind !== "zstd") {
    yield* bytes;
    return;
  }
  const stream = kind === "gzip" ? createGunzip() : createZstdDecompress();
  // The error of a broken stream reaches the reader through the iteration below.
  pipeline(Readable.from(bytes), stream, () => {});
  for await (const chunk of stream) yield chunk as Uint8Array;
}
