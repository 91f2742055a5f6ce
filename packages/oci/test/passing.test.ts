import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress, decompress } from "../src/blob/compression.ts";
import { scanLayer } from "../src/tree/replay.ts";
import { arbitraryInputs } from "./arbitrary-entries.ts";
import { archiveOf, collect, inPieces } from "./archives.ts";

const text = Buffer.from(
  Array.from({ length: 40_000 }, (_, line) =>
    createHash("sha256").update(String(line)).digest("hex"),
  ).join("\n"),
);

/** Blobs of the same text: in frames of this tool, and in one stream as other tools write it. */
const blobs: Readonly<Record<string, () => Promise<Buffer>>> = {
  "gzip in frames": () => collect(compress(inPieces(text), "gzip")),
  "zstd in frames": () => collect(compress(inPieces(text), "zstd")),
  "gzip in one stream": async () => gzipSync(text),
  "zstd in one stream": async () => zstdCompressSync(text),
};

describe("pieces that pass by", () => {
  test.each(Object.entries(blobs))(
    "%s: the same bytes, and the memory is given back",
    async (_, blob) => {
      const hash = createHash("sha256");
      const pieces: Uint8Array[] = [];
      for await (const piece of decompress(inPieces(await blob()), { passing: true })) {
        expect(piece.length).toBeGreaterThan(0);
        hash.update(piece);
        pieces.push(piece);
      }
      expect(hash.digest("hex")).toBe(createHash("sha256").update(text).digest("hex"));
      expect(pieces.filter((piece) => piece.length === 0).length).toBeGreaterThan(
        pieces.length / 2,
      );
    },
  );

  test.each(["gzip in frames", "zstd in frames"])(
    "%s: what comes is given back where it is owned, and no memory that others lie in",
    async (kind) => {
      const blob = (await blobs[kind]?.()) ?? Buffer.alloc(0);
      for (const size of [1000, 70_001, 400_000]) {
        const [own, shared]: Uint8Array[][] = [[], []];
        const pieces = async function* () {
          for (let at = 0, isOwn = true; at < blob.length; at += size, isOwn = !isOwn) {
            const part = blob.subarray(at, at + size);
            const piece = isOwn ? new Uint8Array(part) : part;
            (isOwn ? own : shared)?.push(piece);
            yield piece;
          }
        };
        const hash = createHash("sha256");
        for await (const piece of decompress(pieces(), { owned: true })) hash.update(piece);
        expect(hash.digest("hex")).toBe(createHash("sha256").update(text).digest("hex"));
        expect(own?.every((piece) => piece.length === 0)).toBe(true);
        expect(shared?.every((piece) => piece.length > 0)).toBe(true);
      }
    },
  );

  test("a scan holds no part of a piece", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryInputs, fc.integer({ min: 1, max: 3000 }), async (inputs, size) => {
        const archive = await archiveOf(inputs);
        const whole = scanLayer();
        whole.push(archive);
        const scan = scanLayer();
        for await (const piece of inPieces(archive, size)) {
          const copy = Buffer.from(piece);
          scan.push(copy);
          copy.fill(0xaa);
        }
        expect(scan.end()).toEqual(whole.end());
      }),
      { numRuns: 100 },
    );
  });
});
