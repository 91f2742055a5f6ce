import { constants, zstdCompress, zstdDecompress } from "node:zlib";

/** Bytes of content in one frame. */
export const zstdBlockBytes = 1024 * 1024;
const level = 3;

/** Changes with the bytes that the same input gives, the library's own version apart. */
export const zstdEncoder = `zstd-frames/1 level/${level} zstd/${process.versions.zstd}`;

/** Of a frame that is expanded in one piece: compressed, and its content. */
export const zstdFrameBytes = 2 * zstdBlockBytes;
const contentBytes = 4 * zstdBlockBytes;

/** One block as a frame of its own, with the size and the checksum of its content. */
export function zstdFrame(block: Buffer): Promise<readonly Buffer[]> {
  const options = {
    chunkSize: 512 * 1024,
    pledgedSrcSize: block.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  };
  return new Promise((resolve, reject) => {
    zstdCompress(block, options, (error, frame) => {
      if (error === null) resolve([frame]);
      else reject(error);
    });
  });
}

/** The content of one whole frame. Throws what the library throws. */
export function expandZstdFrame(frame: Buffer): Promise<Buffer> {
  const options = { chunkSize: zstdBlockBytes + 64, maxOutputLength: contentBytes };
  return new Promise((resolve, reject) => {
    zstdDecompress(frame, options, (error, content) => {
      if (error === null) resolve(content);
      else reject(error);
    });
  });
}

/** What to read to know more of a frame: up to `known` bytes it is told; `whole` when that is all of it. */
export type FrameStep =
  | { readonly answer: "read"; readonly bytes: number }
  | { readonly answer: "whole"; readonly bytes: number }
  | { readonly answer: "unknown" };

/**
 * How long the frame is that begins so (RFC 8878, 3.1.1), as far as `start` tells. `unknown`: it is none of zstd, says
 * nothing of its size, or is larger than what is expanded in one piece.
 */
export function zstdFrameLength(start: Buffer): FrameStep {
  const at = headerLength(start);
  if (at === undefined || (start.length >= 4 && start.readUInt32LE(0) !== 0xfd2fb528)) {
    return { answer: "unknown" };
  }
  if (start.length < at.bytes) return { answer: "read", bytes: at.bytes };
  const size = at.content(start);
  if (size === undefined || size > contentBytes) return { answer: "unknown" };
  return blocksEnd(start, at.bytes, at.hasChecksum ? 4 : 0);
}

function blocksEnd(start: Buffer, from: number, checksum: number): FrameStep {
  for (let at = from; ; ) {
    if (at > zstdFrameBytes) return { answer: "unknown" };
    if (start.length < at + 3) return { answer: "read", bytes: at + 3 };
    const word = start.readUIntLE(at, 3);
    const type = (word >>> 1) & 3;
    if (type === 3) return { answer: "unknown" };
    at += 3 + (type === 1 ? 1 : word >>> 3);
    if ((word & 1) === 1) return { answer: "whole", bytes: at + checksum };
  }
}

interface FrameHeader {
  readonly bytes: number;
  readonly hasChecksum: boolean;
  content(start: Buffer): number | undefined;
}

function headerLength(start: Buffer): FrameHeader | undefined {
  if (start.length < 5) return { bytes: 5, hasChecksum: false, content: () => undefined };
  const descriptor = start.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const before = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (sizeBytes === 0 || (descriptor & 0x08) !== 0) return undefined;
  return {
    bytes: before + sizeBytes,
    hasChecksum: (descriptor & 4) !== 0,
    content(all) {
      if (sizeBytes === 8) return Number(all.readBigUInt64LE(before));
      return all.readUIntLE(before, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    },
  };
}
