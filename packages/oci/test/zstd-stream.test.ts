import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decompress } from "../src/blob/compression.ts";
import { collect, inPieces } from "./archives.ts";
import { expectFault } from "./expectations.ts";
import { hasProgram, piped, testUnless } from "./programs.ts";

const noZstd = hasProgram("zstd") ? undefined : "no zstd";
const content = Buffer.concat([
  Buffer.from(Array.from({ length: 60_000 }, (_, line) => `line ${line}\n`).join("")),
  Buffer.alloc(5_000_000),
]);
/** What zstd:chunked and others put between frames (RFC 8878, 3.1.2). */
const skippable = Buffer.concat([Buffer.from("5a2a4d1805000000", "hex"), Buffer.from("other")]);
const small = zstdCompressSync("small");

/** As it streams out of a program that does not know the size. */
const unsized = () => piped(content, "zstd", ["-q", "-c", "--no-content-size"]);

async function expectContent(stream: Buffer, wanted: Buffer): Promise<void> {
  for (const size of [1000, 65536, 10_000_000])
    for (const passing of [false, true]) {
      const pieces = decompress(copied(inPieces(stream, size)), { passing });
      const parts: Buffer[] = [];
      for await (const piece of pieces) parts.push(Buffer.from(piece));
      expect(Buffer.concat(parts).equals(wanted)).toBe(true);
    }
}

/** Pieces of their own, which may be given back. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

describe("a zstd stream of several frames", () => {
  testUnless(noZstd, "of which some do not say their size", async () => {
    const frame = await unsized();
    await expectContent(frame, content);
    await expectContent(
      Buffer.concat([frame, small, frame]),
      Buffer.concat([content, Buffer.from("small"), content]),
    );
  });

  testUnless(noZstd, "with skippable frames before, between and behind", async () => {
    const frames = [skippable, await unsized(), skippable, skippable, small, skippable];
    await expectContent(Buffer.concat(frames), Buffer.concat([content, Buffer.from("small")]));
  });

  test("of nothing but skippable frames", () => expectContent(skippable, Buffer.alloc(0)));

  testUnless(noZstd, "that is cut off or has something else behind it", async () => {
    const frame = await unsized();
    for (const broken of [
      frame.subarray(0, frame.length - 2),
      frame.subarray(0, 40),
      Buffer.concat([frame, small.subarray(0, 6)]),
      Buffer.concat([frame, small.subarray(0, 3)]),
      Buffer.concat([frame, skippable.subarray(0, 6)]),
      Buffer.concat([frame, skippable.subarray(0, 10)]),
      Buffer.concat([frame, Buffer.from("something else")]),
    ])
      await expectFault("COMPRESSION_INVALID", () => collect(decompress(inPieces(broken))));
  });
});
