import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress, compressionOf, decompress } from "../src/blob/compression.ts";
import { collect, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf } from "./expectations.ts";

/** Bytes that compress a little, of more than one block. */
function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    bytes[at] = state % 97 < 60 ? 0x61 + (at % 7) : state & 0xff;
  }
  return bytes;
}

const big = sample(1_700_000);

describe.each(["gzip", "zstd", "none"] as const)("%s", (compression) => {
  test("what is compressed comes back", async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("x"), big, big.subarray(0, 512 * 1024)]) {
      const compressed = await collect(compress(inPieces(bytes), compression));
      expect((await collect(decompress(inPieces(compressed, 10_000)))).equals(bytes)).toBe(true);
    }
  });

  test("the output does not depend on the pieces of the input", async () => {
    const wanted = await collect(compress(inPieces(big), compression));
    for (const size of [1000, 131_072, 524_288, 2_000_000]) {
      expect((await collect(compress(inPieces(big, size), compression))).equals(wanted)).toBe(true);
    }
  });

  test("a source that fails fails with its own error", async () => {
    const failing = async function* () {
      yield big;
      throw new Error("the disk");
    };
    await expect(collect(compress(failing(), compression))).rejects.toThrow("the disk");
    const compressed = await collect(compress(inPieces(big), compression));
    const cut = async function* () {
      yield compressed.subarray(0, 5000);
      throw new Error("the network");
    };
    await expect(collect(decompress(cut()))).rejects.toThrow("the network");
  });
});

describe("gzip", () => {
  test("is members with time 0 that say how long they are, and zlib reads them", async () => {
    const compressed = await collect(compress(inPieces(big), "gzip"));
    expect(gunzipSync(compressed).equals(big)).toBe(true);
    const starts: string[] = [];
    for (let at = 0; at < compressed.length; at += compressed.readUInt32LE(at + 16))
      starts.push(compressed.toString("hex", at, at + 16));
    expect(starts).toEqual(Array(4).fill("1f8b08040000000000ff08004c490400"));
  });

  test("several members are read as one stream", async () => {
    const two = Buffer.concat([gzipSync("one "), gzipSync("two")]);
    expect((await collect(decompress(inPieces(two, 3)))).toString()).toBe("one two");
  });

  test("zstd frames are read by zlib", async () => {
    const compressed = await collect(compress(inPieces(big), "zstd"));
    expect(zstdDecompressSync(compressed).equals(big)).toBe(true);
  });
});

test("the magic number decides", () => {
  expect(compressionOf(gzipSync(""))).toBe("gzip");
  expect(compressionOf(zstdCompressSync(""))).toBe("zstd");
  expect(compressionOf(Buffer.from("usr/"))).toBe("none");
  expect(compressionOf(Buffer.from([0x1f]))).toBe("none");
});

describe("damaged streams", () => {
  test.each(["gzip", "zstd"] as const)("%s that is cut", async (compression) => {
    const compressed = await collect(compress(inPieces(big), compression));
    for (const length of [11, 5000, compressed.length - 1]) {
      await expectFault("COMPRESSION_INVALID", () =>
        collect(decompress(inPieces(compressed.subarray(0, length)))),
      );
    }
  });

  test("changed bytes end in a Fault or are read", async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const streams = [gzipSync(big.subarray(0, 20_000)), zstdCompressSync(big.subarray(0, 20_000))];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...streams), flips, async (stream, changes) => {
        const changed = Buffer.from(stream);
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        await faultCodeOf(() => collect(decompress(inPieces(changed, 1000))));
      }),
      { numRuns: 150 },
    );
  });

  test("bombs are stopped", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(8 * 1024 * 1024));
    const run = (limits: { bytes: number; ratio: number; ratioFrom: number }) => () =>
      collect(decompress(inPieces(bomb), { limits }));
    await expectFault("LIMIT_EXCEEDED", run({ bytes: 1024 * 1024, ratio: 1e9, ratioFrom: 0 }));
    await expectFault("LIMIT_EXCEEDED", run({ bytes: 1e9, ratio: 100, ratioFrom: 1024 * 1024 }));
    expect((await run({ bytes: 1e9, ratio: 100, ratioFrom: 1e9 })()).length).toBe(8 * 1024 * 1024);
  });
});

test("the number of threads does not change a byte", async () => {
  const module = new URL("../src/blob/compression.ts", import.meta.url).href;
  const program = `
    import { createHash } from "node:crypto";
    import { compress } from ${JSON.stringify(module)};
    const piece = Buffer.from(Array.from({ length: 300_000 }, (_, at) => String((at * 7919) % 1009)).join());
    for (const compression of ["gzip", "zstd"]) {
      const hash = createHash("sha256");
      for await (const part of compress([piece, piece, piece], compression)) hash.update(part);
      console.log(hash.digest("hex"));
    }`;
  const outputs = await Promise.all(
    [1, 2, 3, 8].map(async (threads) => {
      const env = { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
      const args = ["--input-type=module-typescript", "--eval", program];
      return (await promisify(execFile)(process.execPath, args, { env })).stdout;
    }),
  );
  expect(outputs[0]?.trim().split("\n")).toHaveLength(2);
  expect(new Set(outputs).size).toBe(1);
});
