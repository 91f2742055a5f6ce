import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress, decompress } from "../src/blob/compression.ts";
import { encoderOf, KeptFrames } from "../src/blob/frames.ts";
import { collect, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf } from "./expectations.ts";

/** Text and noise that differ from block to block. */
function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, part = 0; at < length; part += 1) {
    const noise = createHash("sha256").update(String(part)).digest("hex");
    at += bytes.write(`${noise} and the same again and again `, at, "latin1");
  }
  return bytes;
}

const big = sample(5_300_000);
const compressions = ["gzip", "zstd"] as const;

/** What a rewrite does: reads a blob, changes bytes, writes it. */
async function rewritten(
  blob: Buffer,
  compression: "gzip" | "zstd",
  change: (bytes: Buffer) => Buffer,
  kept?: KeptFrames,
): Promise<Buffer> {
  const changed = async function* () {
    for await (const chunk of decompress(inPieces(blob, 50_000), { kept }))
      yield change(Buffer.from(chunk));
  };
  return collect(compress(changed(), compression, kept));
}

describe.each(compressions)("frames of %s", (compression) => {
  test("whose bytes did not change are used again, and the blob is the one of a fresh encoder", async () => {
    const blob = await collect(compress(inPieces(big), compression));
    const flip = (bytes: Buffer) => {
      const at = bytes.indexOf(Buffer.from(createHash("sha256").update("7").digest("hex")));
      if (at >= 0) bytes.write("X", at);
      return bytes;
    };
    const kept = new KeptFrames();
    const again = await rewritten(blob, compression, flip, kept);
    const count = Math.ceil(big.length / (compression === "gzip" ? 512 * 1024 : 1024 * 1024));
    expect(kept.used).toBe(count - 1);
    expect(again.equals(await rewritten(blob, compression, flip))).toBe(true);
    expect((await collect(decompress(inPieces(again)))).equals(flip(Buffer.from(big)))).toBe(true);
  });

  test("are not used where everything moved, and little is kept for it", async () => {
    const blob = await collect(compress(inPieces(big), compression));
    let isFirst = true;
    const cut = (bytes: Buffer) => {
      const rest = bytes.subarray(isFirst ? 100 : 0);
      isFirst = false;
      return rest;
    };
    const kept = new KeptFrames();
    const again = await rewritten(blob, compression, cut, kept);
    expect(kept.used).toBe(0);
    expect(again.equals(await collect(compress(inPieces(big.subarray(100)), compression)))).toBe(
      true,
    );
  });

  test("and streams of other encoders are read, in any order", async () => {
    const ours = await collect(compress(inPieces(big.subarray(0, 1_500_000)), compression));
    const theirs = compression === "gzip" ? gzipSync("theirs ") : zstdCompressSync("theirs ");
    const text = big.toString("latin1", 0, 1_500_000);
    for (const [blob, wanted] of [
      [Buffer.concat([ours, theirs]), `${text}theirs `],
      [Buffer.concat([theirs, ours]), `theirs ${text}`],
      [Buffer.concat([ours, theirs, ours]), `${text}theirs ${text}`],
    ] as const) {
      const read = await collect(decompress(inPieces(blob, 7001)));
      expect(read.toString("latin1") === wanted).toBe(true);
    }
  });

  test("cut, damaged or followed by other bytes end in a Fault, or are read as what they are", async () => {
    const bytes = big.subarray(0, 1_200_000);
    const blob = await collect(compress(inPieces(bytes), compression));
    const code = (changed: Buffer) =>
      faultCodeOf(() => collect(decompress(inPieces(changed, 9999))));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: blob.length - 1 }), async (length) => {
        const read = await code(blob.subarray(0, length));
        expect(read === "COMPRESSION_INVALID" || isBorder(blob, length, compression)).toBe(true);
      }),
      { numRuns: 40 },
    );
    const change = fc.tuple(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, by]) => {
        const changed = Buffer.from(blob);
        changed.writeUInt8(changed.readUInt8(at) ^ by, at);
        const read = await collect(decompress(inPieces(changed, 9999))).catch(() => undefined);
        expect(read === undefined || at < 20 || read.equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
    await expectFault("COMPRESSION_INVALID", () =>
      collect(decompress(inPieces(Buffer.concat([blob, Buffer.from("rubbish behind it")])))),
    );
  });

  test("name their encoder and its version", () => {
    expect(encoderOf(compression)).toMatch(/^(gzip-members|zstd-frames)\/1 level\/\d z\w+\/\d/u);
  });

  const reader = compression === "gzip" ? "/usr/bin/gzip" : "/usr/bin/zstd";
  test.skipIf(!existsSync(reader))(`are read by ${reader}`, async () => {
    const blob = await collect(compress(inPieces(big), compression));
    const { stdout, status } = spawnSync(reader, ["-dc"], { input: blob, maxBuffer: 1 << 26 });
    expect([status, stdout.equals(big)]).toEqual([0, true]);
  });
});

describe("hostile frames", () => {
  test("members that lie about their length", async () => {
    const blob = await collect(compress(inPieces(big.subarray(0, 1_000_000)), "gzip"));
    for (const length of [0, 28, 29, 1000, blob.length, 2 ** 20, 2 ** 32 - 1]) {
      const changed = Buffer.from(blob);
      changed.writeUInt32LE(length, 16);
      const read = await collect(decompress(inPieces(changed))).catch(() => undefined);
      expect(read === undefined || read.equals(big.subarray(0, 1_000_000))).toBe(true);
    }
  });

  test("a member that holds more than a block", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const extra = Buffer.from([8, 0, 0x4c, 0x49, 4, 0, 0, 0, 0, 0]);
    const framed = Buffer.concat([bomb.subarray(0, 10), extra, bomb.subarray(10)]);
    framed.writeUInt8(4, 3);
    framed.writeUInt8(0, 8);
    framed.writeUInt8(255, 9);
    framed.writeUInt32LE(framed.length, 16);
    await expectFault("COMPRESSION_INVALID", () => collect(decompress(inPieces(framed))));
  });

  test("a frame of countless empty blocks is walked once", async () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00]);
    const blocks = Buffer.alloc(3 * 400_000);
    const blob = Buffer.concat([header, blocks]);
    await expectFault("COMPRESSION_INVALID", () => collect(decompress(inPieces(blob))));
  });

  test("frames that expand to more than they say", async () => {
    const params = { [constants.ZSTD_c_compressionLevel]: 1 };
    const frame = zstdCompressSync(Buffer.alloc(8 << 20), { params, pledgedSrcSize: 8 << 20 });
    const size = frame.indexOf(Buffer.from([0x00, 0x00, 0x80, 0x00]));
    frame.writeUInt32LE(1 << 20, size);
    await expectFault("COMPRESSION_INVALID", () => collect(decompress(inPieces(frame))));
  });
});

/** A blob that ends behind a whole frame is a whole blob. */
function isBorder(blob: Buffer, length: number, compression: "gzip" | "zstd"): boolean {
  const magic = compression === "gzip" ? [0x1f, 0x8b, 8, 4] : [0x28, 0xb5, 0x2f, 0xfd];
  return blob.subarray(length, length + 4).equals(Buffer.from(magic));
}
