import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compress } from "../src/blob/compression.ts";
import type { BytePatch } from "../src/deflate/byte-patches.ts";
import { GzipPatcher } from "../src/deflate/gzip-patch.ts";
import { patchedStream, worthAThread } from "../src/deflate/patched-stream.ts";
import { Unpatchable } from "../src/deflate/unpatchable.ts";
import { collect, inPieces } from "./archives.ts";

const words = Array.from({ length: 400_000 }, (_, index) => (index * 2_654_435_761).toString(36));
const content = Buffer.from(words.join(" 0000664 "));
const patches: readonly BytePatch[] = Array.from({ length: 300 }, (_, index) => {
  const at = index * 18_000;
  const before = content.subarray(at, at + 12);
  const after = Buffer.from(before);
  after.set(Buffer.from("0000644"), 2);
  return { at, before, after };
});

const aside = (bytes: AsyncIterable<Uint8Array>) => patchedStream(bytes, patches, worthAThread);

/** In memory that the thread may have for itself, or in parts of memory that others share. */
async function* cut(stream: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < stream.length; at += size) {
    const part = stream.subarray(at, at + size);
    yield at % 2 === 0 ? Uint8Array.from(part) : part;
  }
}

test("a thread of its own gives the same bytes, however the stream comes", async () => {
  const streams = [gzipSync(content), await collect(compress(inPieces(content), "gzip"))];
  for (const stream of streams) {
    const copy = Buffer.from(stream);
    const patcher = new GzipPatcher(patches);
    const expected = Buffer.concat([patcher.push(stream), patcher.end()]);
    expect(expected.equals(stream)).toBe(false);
    for (const size of [9973, 512 * 1024, stream.length]) {
      expect((await collect(aside(cut(stream, size)))).equals(expected)).toBe(true);
      const here = patchedStream(cut(stream, size), patches, worthAThread - 1);
      expect((await collect(here)).equals(expected)).toBe(true);
    }
    expect(stream.equals(copy)).toBe(true);
  }
});

test("what the thread does not take is Unpatchable here, wherever it shows", async () => {
  const stream = gzipSync(content);
  const damaged = Buffer.from(stream);
  damaged.fill(0xff, 200_000, 200_100);
  for (const bytes of [
    Buffer.from("no gzip"),
    Buffer.alloc(0, ""),
    stream.subarray(0, -3),
    Buffer.concat([stream, Buffer.from("rubbish behind it")]),
  ]) {
    const done = collect(aside(cut(bytes, 50_001)));
    if (bytes.length === 0) expect(await done).toHaveLength(0);
    else await expect(done).rejects.toBeInstanceOf(Unpatchable);
  }
  await expect(
    collect(aside(cut(damaged, 50_001))).then((done) => done.equals(stream)),
  ).rejects.toBeInstanceOf(Unpatchable);
});

test("the thread ends with the reading", async () => {
  const stream = gzipSync(content);
  const threads = () => readdirSync("/proc/self/task").length;
  await collect(aside(cut(stream, 100_000)));
  const before = threads();
  let most = 0;
  for await (const piece of aside(cut(stream, 100_000))) {
    most = threads();
    expect(piece).toBeInstanceOf(Uint8Array);
    break;
  }
  expect(most).toBeGreaterThan(before);
  await expect.poll(threads).toBeLessThanOrEqual(before);
  const failing = (async function* () {
    yield* cut(stream.subarray(0, 300_000), 100_000);
    throw new Error("the disk is gone");
  })();
  await expect(collect(aside(failing))).rejects.toThrow("the disk is gone");
  await expect.poll(threads).toBeLessThanOrEqual(before);
});
