import { readFile, writeFile } from "node:fs/promises";
import { isFault } from "@lithify/fault";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BlockFile } from "../../src/volume/block-file.ts";
import { hashTreeOf, parseVerityHeader, verityHeaderBlock } from "../../src/volume/verity.ts";
import { openVolume } from "../../src/volume/volume-file.ts";
import type { WrittenVolume } from "../../src/volume/volume-write.ts";
import { echoLayers } from "../fixture.ts";
import { gateway, openSample, type Sample } from "./sample.ts";

let sample: Sample;
let volume: WrittenVolume;
let bytes: Buffer;
beforeAll(async () => {
  sample = await openSample([
    ...echoLayers,
    [`f 0644 0:0 ${gateway}/local/two ${"y".repeat(9000)}`],
  ]);
  volume = await sample.write("good");
  bytes = await readFile(sample.at("good"));
});
afterAll(() => sample.remove());

/** The code of the fault that this file is refused with. */
async function refusal(content: Uint8Array, rootHash?: string): Promise<string> {
  await writeFile(sample.at("bad"), content);
  try {
    const opened = await openVolume(sample.at("bad"), rootHash === undefined ? {} : { rootHash });
    await opened.close();
    return "opened";
  } catch (error) {
    return isFault(error) ? error.code : String(error);
  }
}

function flipped(at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  return copy;
}

/** The file with its data changed by someone who makes a new hash tree over it. */
async function rehashed(change: (data: Buffer) => void): Promise<Buffer> {
  const data = Buffer.from(bytes.subarray(0, volume.hashOffset));
  change(data);
  const header = parseVerityHeader(bytes.subarray(volume.hashOffset, volume.hashOffset + 4096));
  async function* pieces() {
    yield data;
  }
  const tree = await hashTreeOf(pieces(), header.salt);
  return Buffer.concat([data, verityHeaderBlock(header), tree.blocks]);
}

describe("a volume that is not what it should be is refused", () => {
  it("with a flipped bit at every kind of structure", async () => {
    const { fileSystemBytes, hashOffset } = volume;
    const places = {
      "before the superblock": 10,
      magic: 1024,
      "size of blocks": 1036,
      "root's number": 1038,
      "count of blocks": 1060,
      uuid: 1072,
      name: 1090,
      features: 1104,
      "inode's format": 1152,
      "inode's mode": 1156,
      "inode's size": 1160,
      "inode's owner": 1176,
      "entries of a directory": 1216,
      "names of a directory": 1216 + 37,
      content: fileSystemBytes - 2000,
      "seal's header": fileSystemBytes,
      "seal's size": fileSystemBytes + 16,
      seal: fileSystemBytes + 4096 + 100,
      "behind the seal": hashOffset - 1,
      "hash tree's superblock": hashOffset,
      "hash tree's algorithm": hashOffset + 32,
      "hash tree's salt": hashOffset + 88,
      "hash tree": hashOffset + 4096,
      end: bytes.length - 1,
    };
    for (const [name, at] of Object.entries(places))
      expect([name, await refusal(flipped(at))]).toEqual([name, "VOLUME_INVALID"]);
  });

  it("with any bit flipped", async () => {
    const anywhere = fc.tuple(fc.nat(bytes.length - 1), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(anywhere, async ([at, bit]) => {
        expect(await refusal(flipped(at, bit))).toBe("VOLUME_INVALID");
      }),
      { numRuns: 150 },
    );
  });

  it("truncated anywhere, or longer", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        expect(await refusal(bytes.subarray(0, length))).toBe("VOLUME_INVALID");
      }),
      { numRuns: 60 },
    );
    expect(await refusal(Buffer.concat([bytes, Buffer.alloc(4096)]))).toBe("VOLUME_INVALID");
  });

  it("with another root hash than it should have", async () => {
    expect(await refusal(bytes, volume.rootHash)).toBe("opened");
    expect(
      await refusal(
        bytes,
        volume.rootHash.replace(/./, (first) => (first === "0" ? "1" : "0")),
      ),
    ).toBe("VOLUME_INVALID");
  });

  it("with the hash tree of another volume", async () => {
    const other = await openSample([
      ...echoLayers,
      [`f 0644 0:0 ${gateway}/local/two ${"z".repeat(9000)}`],
    ]);
    const { hashOffset } = await other.write("other");
    const tree = (await readFile(other.at("other"))).subarray(hashOffset);
    await other.remove();
    expect(await refusal(Buffer.concat([bytes.subarray(0, volume.hashOffset), tree]))).toBe(
      "VOLUME_INVALID",
    );
  });

  it("with any byte of the file system changed and hashed anew", async () => {
    const by = fc.integer({ min: 1, max: 255 });
    const change = fc.tuple(fc.nat(volume.fileSystemBytes + 4095), by);
    await fc.assert(
      fc.asyncProperty(change, async ([at, by]) => {
        const content = await rehashed((data) => data.writeUInt8(data.readUInt8(at) ^ by, at));
        expect(await refusal(content)).toBe("VOLUME_INVALID");
      }),
      { numRuns: 150 },
    );
  });

  it("with any byte of the seal changed and hashed anew, once the root hash is asked for", async () => {
    const from = volume.fileSystemBytes + 4096;
    const at = fc.integer({ min: from, max: volume.hashOffset - 1 });
    await fc.assert(
      fc.asyncProperty(at, async (at) => {
        const content = await rehashed((data) => data.writeUInt8(data.readUInt8(at) ^ 1, at));
        expect(await refusal(content, volume.rootHash)).toBe("VOLUME_INVALID");
        if (bytes.readUInt8(at) === 0) expect(await refusal(content)).toBe("VOLUME_INVALID");
      }),
      { numRuns: 100 },
    );
  });

  it("with sizes and numbers out of range, hashed anew", async () => {
    const numbers = [0, 1, 0xffff, 0x7fff_ffff, 0xffff_ffff];
    for (const at of [
      1040,
      1060,
      1152,
      1154,
      1160,
      1164,
      1168,
      1172,
      1196,
      1216,
      1220,
      1224,
      volume.fileSystemBytes + 16,
      volume.fileSystemBytes + 20,
    ])
      for (const number of numbers) {
        const content = await rehashed((data) => data.writeUInt32LE(number, at));
        if (content.equals(bytes)) continue;
        expect([at, number, await refusal(content)]).toEqual([at, number, "VOLUME_INVALID"]);
      }
    const header = Buffer.from(bytes);
    for (const blocks of [0n, 1n, 2n ** 40n, 2n ** 63n]) {
      header.writeBigUInt64LE(blocks, volume.hashOffset + 72);
      expect(await refusal(header)).toBe("VOLUME_INVALID");
    }
  });

  it("that is a directory, empty, or not there", async () => {
    expect(await refusal(Buffer.alloc(0))).toBe("VOLUME_INVALID");
    expect(await refusal(Buffer.alloc(100_000))).toBe("VOLUME_INVALID");
    for (const path of [sample.directory, sample.at("nothing")])
      await expect(openVolume(path)).rejects.toMatchObject({ code: "VOLUME_INVALID" });
  });

  it("and reads nothing beyond its end", async () => {
    const file = new BlockFile(undefined as never, 4096);
    await expect(file.bytes(4000, 97)).rejects.toMatchObject({ code: "VOLUME_INVALID" });
    await expect(file.bytes(-1, 1)).rejects.toMatchObject({ code: "VOLUME_INVALID" });
  });
});
