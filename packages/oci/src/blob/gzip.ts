import { constants, crc32, deflateRaw } from "node:zlib";
import { blocksOf } from "./blocks.ts";

const blockBytes = 512 * 1024;
const windowBytes = 32 * 1024;
const level = 6;
/** Blocks being compressed at one time; the libuv pool has four threads unless told otherwise. */
const ahead = 6;

/** Magic, deflate, no flags, mtime 0, no extra flags, operating system unknown (RFC 1952). */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block with fixed codes: three bits, padded (RFC 1951, 3.2.6). */
const lastBlock = Buffer.from([0x03, 0x00]);

/**
 * One gzip member, compressed in independent blocks by the threads of the libuv pool, as pigz does:
 * each block knows the 32 KiB before it and ends on a byte. The cut is by input bytes alone,
 * so the output depends on the input and the zlib of the pinned Node, not on the number of threads.
 */
export async function* gzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield header;
  const running: Promise<Buffer>[] = [];
  let checksum = 0;
  let length = 0;
  let window: Buffer | undefined;
  for await (const block of blocksOf(bytes, blockBytes)) {
    checksum = crc32(block, checksum);
    length += block.length;
    const compressed = deflated(block, window);
    compressed.catch(() => undefined);
    running.push(compressed);
    window = block.subarray(-windowBytes);
    if (running.length >= ahead) yield (await running.shift()) as Buffer;
  }
  for (const compressed of running) yield await compressed;
  yield lastBlock;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield trailer;
}

function deflated(block: Buffer, dictionary: Buffer | undefined): Promise<Buffer> {
  const options = {
    level,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: 128 * 1024,
    ...(dictionary === undefined ? {} : { dictionary }),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
