import { Fault } from "@lithify/fault";
import type { ByteQueue } from "./byte-queue.ts";

const magicBytes = 4;
const skippableHeaderBytes = 8;
/** The longest header of a frame (RFC 8878, 3.1.1.1). */
const headerBytes = 18;
const blockHeaderBytes = 3;
/** Taken at one time: whole blocks, or of what is passed over. */
const pieceBytes = 256 * 1024;

/**
 * The frames of a zstd stream, each expanded by `expand`, which gets its bytes alone: the library's own stream ends
 * with the first frame. Skippable frames are passed over; zstd:chunked puts its table of contents into them.
 * @throws Fault COMPRESSION_INVALID, and what `expand` throws
 */
export async function* zstdFrames(
  input: ByteQueue,
  expand: (frame: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for (;;) {
    const magic = await input.peek(magicBytes);
    // An empty stream is malformed; the end behind a frame is not
    if (magic.length === 0 && !isFirst) return;
    isFirst = false;
    if (isSkippable(magic)) await skip(input);
    else yield* expand(frameOf(input));
  }
}

function isSkippable(magic: Buffer): boolean {
  return magic.length === magicBytes && (magic.readUInt32LE(0) & 0xfffffff0) === 0x184d2a50;
}

async function skip(input: ByteQueue): Promise<void> {
  const header = await input.moveTo(Buffer.alloc(skippableHeaderBytes));
  if (header.length < skippableHeaderBytes) throw cutOff();
  const unwanted = Buffer.allocUnsafe(Math.min(header.readUInt32LE(4), pieceBytes));
  for (let left = header.readUInt32LE(4); left > 0; ) {
    const { length } = await input.moveTo(unwanted.subarray(0, left));
    if (length === 0) throw cutOff();
    left -= length;
  }
}

/** The bytes of the frame that comes next; where it is cut off or none of zstd, all that is there: who expands it says so. */
async function* frameOf(input: ByteQueue): AsyncGenerator<Uint8Array> {
  const header = headerOf(await input.peek(headerBytes));
  if (header === undefined) {
    yield* input.rest();
    return;
  }
  yield await input.moveTo(Buffer.allocUnsafe(header.bytes));
  for (let isLast = false; !isLast; ) {
    const start = await input.peek(pieceBytes);
    let bytes = 0;
    while (!isLast && bytes + blockHeaderBytes <= start.length) {
      const word = start.readUIntLE(bytes, blockHeaderBytes);
      const size = blockHeaderBytes + (((word >>> 1) & 3) === 1 ? 1 : word >>> 3);
      if (bytes > 0 && bytes + size > start.length) break;
      isLast = (word & 1) === 1;
      bytes += size;
    }
    if (bytes === 0) break;
    yield await input.moveTo(Buffer.allocUnsafe(bytes));
  }
  if (header.hasChecksum) yield await input.moveTo(Buffer.allocUnsafe(4));
}

function headerOf(
  start: Buffer,
): { readonly bytes: number; readonly hasChecksum: boolean } | undefined {
  if (start.length < 5 || start.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = start.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const window = isSingle ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  return { bytes: 5 + window + dictionary + size, hasChecksum: (descriptor & 4) !== 0 };
}

function cutOff(): Fault {
  return new Fault("COMPRESSION_INVALID", "a zstd stream", { why: "it is cut off" });
}
