import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress, decompress } from "../src/blob/compression.ts";
import { type BytePatch, Unpatcher } from "../src/deflate/byte-patches.ts";
import { GzipPatcher } from "../src/deflate/gzip-patch.ts";
import { Unpatchable } from "../src/deflate/unpatchable.ts";
import { collect, inPieces } from "./archives.ts";

/** Content of parts that repeat, near and far, so that matches of every kind reach over what is changed. */
const part = fc.oneof(
  fc.record({
    text: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    times: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ text: fc.uint8Array({ minLength: 1, maxLength: 3000 }), times: fc.constant(1) }),
  fc.record({
    text: fc.constant(Uint8Array.from([0])),
    times: fc.integer({ min: 1, max: 70_000 }),
  }),
  fc.record({
    text: fc.constant(Buffer.from("0000664 0001750 0001750 ")),
    times: fc.integer({ min: 1, max: 30 }),
  }),
);
const content = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(5), { maxLength: 8 }))
  .map(([parts, order]) => {
    const bytes = parts.map(({ text, times }) => Buffer.alloc(text.length * times, text));
    return Buffer.concat([
      ...bytes,
      ...order.map((index) => bytes[index % bytes.length] ?? Buffer.alloc(0)),
    ]);
  });

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants;
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
});

/** Where, and what is there afterwards; the bytes around are made known as a patch has to. */
const changes = fc.array(
  fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
  {
    maxLength: 12,
  },
);

type Changes = readonly { readonly at: number; readonly bytes: Uint8Array }[];

function patchesOf(before: Buffer, wanted: Changes) {
  const after = Buffer.from(before);
  const patches: BytePatch[] = [];
  const sorted = wanted
    .map(({ at, bytes }) => ({ at: at % before.length, bytes }))
    .sort((a, b) => a.at - b.at);
  let free = 0;
  for (const { at, bytes } of sorted) {
    const [start, end] = [Math.max(0, at - 2), Math.min(before.length, at + bytes.length + 2)];
    if (start < free) continue;
    free = end;
    after.set(bytes.subarray(0, before.length - at), at);
    patches.push({
      at: start,
      before: before.subarray(start, end),
      after: after.subarray(start, end),
    });
  }
  return { patches, after };
}

function patched(stream: Buffer, patches: readonly BytePatch[], size = stream.length): Buffer {
  const patcher = new GzipPatcher(patches);
  const out: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size)
    out.push(patcher.push(stream.subarray(at, at + size)));
  return Buffer.concat([...out, patcher.end()]);
}

describe("GzipPatcher", () => {
  test("changes these bytes of the content and no others, whoever compressed it", () => {
    fc.assert(
      fc.property(
        content,
        changes,
        options,
        fc.integer({ min: 1, max: 5000 }),
        (before, wanted, how, size) => {
          const { patches, after } = patchesOf(before, wanted);
          const stream = gzipSync(before, how);
          const done = patched(stream, patches, size);
          expect(gunzipSync(done).equals(after)).toBe(true);
          expect(done.equals(patched(stream, patches))).toBe(true);
        },
      ),
      { numRuns: 600 },
    );
  });

  test("goes through members one after another", () => {
    const several = fc.array(fc.tuple(content, options), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(several, changes, (members, wanted) => {
        const { patches, after } = patchesOf(
          Buffer.concat(members.map(([bytes]) => bytes)),
          wanted,
        );
        const stream = Buffer.concat(members.map(([bytes, how]) => gzipSync(bytes, how)));
        expect(gunzipSync(patched(stream, patches, 1000)).equals(after)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("keeps members that say how long they are", async () => {
    const before = Buffer.alloc(1_800_000, "some text, over and over, 0000664 and so on. ");
    const wanted = Array.from({ length: 900 }, (_, index) => ({
      at: index * 2000 + (index % 7),
      bytes: Buffer.from("0000644"),
    }));
    const { patches, after } = patchesOf(before, wanted);
    const stream = await collect(compress(inPieces(before), "gzip"));
    const done = patched(stream, patches, 300_000);
    // A member that lied about its length would be expanded as a stream, or not at all
    for (let at = 0, members = 0; at < done.length; members += 1) {
      expect(done.readUInt32BE(at)).toBe(0x1f8b0804);
      at += done.readUInt32LE(at + 16);
      expect(at).toBeLessThanOrEqual(done.length);
      expect(members).toBeLessThan(4);
    }
    expect((await collect(decompress(inPieces(done)))).equals(after)).toBe(true);
  });

  test("takes members in which nothing changes as they are", async () => {
    const before = Buffer.alloc(1_800_000, "some text, over and over, 0000664 and so on. ");
    const { patches, after } = patchesOf(before, [{ at: 600_000, bytes: Buffer.from("0000644") }]);
    const stream = await collect(compress(inPieces(before), "gzip"));
    const done = patched(stream, patches, 1000);
    const first = stream.readUInt32LE(16);
    expect(done.subarray(0, first).equals(stream.subarray(0, first))).toBe(true);
    expect(done.subarray(-500).equals(stream.subarray(-500))).toBe(true);
    expect(gunzipSync(done).equals(after)).toBe(true);
  });

  test("leaves what is compressed as it is: little is added", () => {
    const words = Array.from({ length: 200_000 }, (_, index) =>
      (index * 2_654_435_761).toString(36),
    );
    const before = Buffer.from(words.join(" "));
    const wanted = Array.from({ length: 50 }, (_, index) => ({
      at: index * 20_000,
      bytes: Buffer.from("X"),
    }));
    const { patches } = patchesOf(before, wanted);
    const stream = gzipSync(before, { level: 9 });
    expect(patched(stream, patches).length - stream.length).toBeLessThan(50 * 200);
  });

  test("headers with names, comments, extra fields and sums stay", () => {
    const plain = gzipSync("content that is long enough");
    const fields = Buffer.from([5, 0, 1, 2, 3, 4, 5]);
    const header = Buffer.concat([plain.subarray(0, 10), fields, Buffer.from("name\0comment\0")]);
    header[3] = 4 | 8 | 16;
    const stream = Buffer.concat([header, plain.subarray(10)]);
    const { patches } = patchesOf(gunzipSync(plain), [{ at: 3, bytes: Buffer.from("T") }]);
    for (const size of [1, 7, 1000]) {
      const done = patched(stream, patches, size);
      expect(done.subarray(0, header.length).equals(header)).toBe(true);
      expect(gunzipSync(done).toString()).toBe("conTent that is long enough");
    }
  });

  test("what is cut, damaged or followed by other bytes is refused, or gives what every reader refuses", () => {
    const before = Buffer.from("some text 0000664, ".repeat(4000));
    const stream = gzipSync(before);
    const { patches, after } = patchesOf(before, [{ at: 30_000, bytes: Buffer.from("0000644") }]);
    const result = (bytes: Buffer) => {
      try {
        return gunzipSync(patched(bytes, patches, 100));
      } catch (error) {
        if (!(error instanceof Unpatchable) && !("code" in (error as Error))) throw error;
        return undefined;
      }
    };
    for (let length = 1; length < stream.length; length += 1) {
      expect(result(stream.subarray(0, length))).toBeUndefined();
    }
    expect(
      result(Buffer.concat([stream, Buffer.from("rubbish behind the last member")])),
    ).toBeUndefined();
    const flip = fc.tuple(fc.nat(stream.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(flip, ([at, by]) => {
        const damaged = Buffer.from(stream);
        damaged.writeUInt8(damaged.readUInt8(at) ^ by, at);
        const found = result(damaged);
        expect(found === undefined || found.equals(after) || at < 10).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const gzip = "/usr/bin/gzip";
  test.skipIf(!existsSync(gzip))("streams of gzip, at every level", () => {
    const before = Buffer.from(
      Array.from({ length: 30_000 }, (_, index) => `line ${index % 997}\n`).join(""),
    );
    const { patches, after } = patchesOf(before, [
      { at: 100, bytes: Buffer.from("X") },
      { at: 150_000, bytes: Buffer.from("YZ") },
    ]);
    for (const level of ["-1", "-6", "-9"]) {
      const { stdout } = spawnSync(gzip, ["-c", "-n", level], {
        input: before,
        maxBuffer: 1 << 26,
      });
      expect(gunzipSync(patched(stdout, patches, 4096)).equals(after)).toBe(true);
    }
  });
});

test("Unpatcher gives the content as it was, however it comes", () => {
  fc.assert(
    fc.property(content, changes, fc.integer({ min: 1, max: 300 }), (before, wanted, size) => {
      const { patches, after } = patchesOf(before, wanted);
      const unpatcher = new Unpatcher(patches);
      const back: Uint8Array[] = [];
      for (let at = 0; at < after.length; at += size) {
        const part = Buffer.from(after.subarray(at, at + size));
        unpatcher.takeBack(part);
        back.push(part);
      }
      expect(Buffer.concat(back).equals(before)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
