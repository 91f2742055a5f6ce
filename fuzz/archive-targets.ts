import { gzipSync } from "node:zlib";
import { isFault } from "@lithify/fault";
import {
  digestOf,
  type Layer,
  parseDiffId,
  type TarEntry,
  type TarInput,
  writeTar,
} from "@lithify/oci";
import { compress, decompress } from "../packages/oci/src/blob/compression.ts";
import { GzipPatcher } from "../packages/oci/src/deflate/gzip-patch.ts";
import { Unpatchable } from "../packages/oci/src/deflate/unpatchable.ts";
import { blockSize, writeChecksum } from "../packages/oci/src/tar/header.ts";
import { patchTar } from "../packages/oci/src/tar/patch.ts";
import { parsePax, paxInteger, paxRecord, paxTime, xattrOf } from "../packages/oci/src/tar/pax.ts";
import { sparseOfPax } from "../packages/oci/src/tar/sparse.ts";
import { replayLayers, treeFromTar } from "../packages/oci/src/tree/replay.ts";
import type { Target } from "./target.ts";

/** Holes small enough that a run spends its time on parsing. */
const limits = {
  entries: 10_000,
  pathBytes: 4096,
  nameBytes: 255,
  extensionBytes: 64 * 1024,
  extensions: 16,
  sparseParts: 1000,
  holeBytes: 1024 * 1024,
};
const expansion = { bytes: 16 * 1024 * 1024, ratio: 1100, ratioFrom: 1024 * 1024 };

/** Readers of archives, their headers and compressed streams. */
export const archiveTargets: readonly Target[] = [
  {
    name: "tar",
    corpus: tarCorpus,
    parse: (bytes) => readEveryWay(bytes),
  },
  {
    // Most changes of a header break its checksum: here it is mended, so that what is behind it is reached
    name: "tar-checksummed",
    corpus: tarCorpus,
    parse: (bytes) => readEveryWay(withChecksums(bytes)),
  },
  {
    name: "pax",
    corpus: async () => [
      Buffer.concat([
        paxRecord("path", "a/long/name"),
        paxRecord("mtime", "1600000000.25"),
        paxRecord("uid", "3000000"),
        paxRecord("SCHILY.xattr.security.capability", Buffer.from("0100000200040000", "hex")),
        paxRecord("LIBARCHIVE.xattr.user.a%20b", "AAEC"),
      ]),
      Buffer.concat([
        paxRecord("GNU.sparse.size", "1000"),
        paxRecord("GNU.sparse.map", "0,10,500,10"),
      ]),
    ],
    parse(bytes) {
      const records = parsePax(bytes);
      for (const record of records) {
        xattrOf(record);
        if (record.key === "uid") paxInteger(record);
        if (record.key === "mtime") paxTime(record);
      }
      sparseOfPax(records);
      const raw = Buffer.concat(records.map((record) => record.raw));
      if (!bytes.subarray(0, raw.length).equals(raw))
        throw new Error("the records are not the bytes");
    },
  },
  compressionTarget("gzip"),
  compressionTarget("zstd"),
  {
    name: "gzip-patch",
    async corpus() {
      const bodies = [Buffer.from("a short text"), Buffer.alloc(100_000, "0000664 text ")];
      const own = await Promise.all(bodies.map((body) => collect(compress(pieces(body), "gzip"))));
      return [...own, ...bodies.map((body) => gzipSync(body)), gzipSync("stored", { level: 0 })];
    },
    parse: patchesInPlace,
  },
];

/** What the patcher makes of a stream that can be read has the content with the patch. */
async function patchesInPlace(bytes: Buffer): Promise<void> {
  const read = (stream: Buffer) => collect(decompress(pieces(stream), { limits: expansion }));
  const content = await faultOr(() => read(bytes));
  const before = content?.subarray(1, 6) ?? Buffer.from("five5");
  const after = Buffer.from(before);
  if (after.length > 4) after[2] = 0x58;
  try {
    const patcher = new GzipPatcher([{ at: 1, before, after }]);
    const done = Buffer.concat([patcher.push(bytes), patcher.end()]);
    if (content === undefined) return;
    after.copy(content, 1);
    if (!(await read(done)).equals(content)) throw new Error("the content is another one");
  } catch (error) {
    if (!(error instanceof Unpatchable)) throw error;
  }
}

async function readEveryWay(bytes: Buffer): Promise<void> {
  await faultOr(() => treeFromTar(pieces(bytes), { limits }));
  await faultOr(() => replayLayers([layerOf(bytes), layerOf(bytes)], { limits }));
  const patched = await faultOr(() =>
    collect(patchTar(pieces(bytes), () => ({ mode: 0o644, uid: 0, gid: 0 }), limits)),
  );
  // What could be patched can be read again
  if (patched !== undefined) await collect(patchTar(pieces(patched), () => undefined, limits));
}

/** Success or undefined; each way is to be tried, whatever the others say. */
async function faultOr<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

function layerOf(bytes: Buffer): Layer {
  const digest = digestOf(bytes);
  const descriptor = {
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    digest,
    size: bytes.length,
  };
  const compressed = () => pieces(bytes);
  return { descriptor, digest, diffId: parseDiffId(digest), compressed, uncompressed: compressed };
}

function compressionTarget(compression: "gzip" | "zstd"): Target {
  return {
    name: compression,
    async corpus() {
      const bodies = [Buffer.from("a short text"), Buffer.alloc(100_000, "text "), Buffer.alloc(0)];
      const whole: Buffer[] = [];
      for (const body of bodies) whole.push(await collect(compress(pieces(body), compression)));
      return [...whole, Buffer.concat(whole)];
    },
    parse: async (bytes) => {
      for await (const part of decompress(pieces(bytes), { limits: expansion })) void part;
    },
  };
}

async function tarCorpus(): Promise<readonly Buffer[]> {
  const entry = (path: string, type: TarEntry["type"], more: Partial<TarEntry> = {}): TarEntry => ({
    ...{ path, type, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, xattrs: new Map() },
    ...more,
  });
  const file = (path: string, text: string, more: Partial<TarEntry> = {}): TarInput => {
    const body = Buffer.from(text);
    return { entry: entry(path, "file", { size: body.length, ...more }), body };
  };
  const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
  const archives: readonly (readonly TarInput[])[] = [
    [{ entry: entry("d", "directory", { mode: 0o755 }) }, file("d/a", "one"), file("b", "two")],
    [file("d/.wh.a", ""), file("d/.wh..wh..opq", ""), file("d/c", "three")],
    [
      file("x", "four", { xattrs: new Map([["security.capability", capability]]) }),
      { entry: entry("y", "hardlink", { target: "x" }) },
      { entry: entry("z", "symlink", { target: "../x", mode: 0o777 }) },
    ],
    [
      { entry: entry("c", "character", { device: { major: 1, minor: 3 } }) },
      { entry: entry("p", "fifo") },
      file(`${"deep/".repeat(40)}${"n".repeat(120)}`, "five", { uid: 3_000_000, mtime: 1.5 }),
    ],
  ];
  const written: Buffer[] = [];
  for (const inputs of archives) written.push(await collect(writeTar(inputs)));
  return written;
}

function withChecksums(bytes: Buffer): Buffer {
  const mended = Buffer.from(bytes);
  for (let at = 0; at + blockSize <= mended.length; at += blockSize) {
    const block = mended.subarray(at, at + blockSize);
    if (block.toString("latin1", 257, 262) === "ustar") writeChecksum(block);
  }
  return mended;
}

async function* pieces(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  const step = Math.max(size, Math.ceil(bytes.length / 100));
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
