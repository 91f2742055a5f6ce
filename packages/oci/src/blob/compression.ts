import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault } from "@lithify/fault";
import { ByteQueue } from "./byte-queue.ts";
import { decodeFrames, encodeFrames, type KeptFrames } from "./frames.ts";
import { release } from "./release.ts";
import { zstdFrames } from "./zstd-stream.ts";

export type Compression = "gzip" | "zstd" | "none";

/** How much a compressed stream may expand to; beyond it Fault LIMIT_EXCEEDED. */
export interface ExpansionLimits {
  readonly bytes: number;
  /** Expanded bytes per compressed byte, once `ratioFrom` bytes have come. */
  readonly ratio: number;
  readonly ratioFrom: number;
}

/** gzip cannot expand more than 1,032 times, zstd can. */
export const expansionLimits: ExpansionLimits = {
  bytes: 64 * 1024 ** 3,
  ratio: 1100,
  ratioFrom: 1024 ** 3,
};

const chunkSize = 256 * 1024;
/** Expanded bytes that wait: the thread that inflates goes on while this one hashes. */
const readableHighWaterMark = 1024 * 1024;

/** gzip, zstd or none, by the magic number at the start (RFC 1952, RFC 8878). */
export function compressionOf(start: Uint8Array): Compression {
  const [a, b, c, d] = start;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if (a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) {
    return "zstd";
  }
  return "none";
}

/**
 * The bytes inside a gzip or zstd stream, told by its magic number; anything else as it is. Frames that say how long
 * they are are expanded several at one time, and handed to `kept`. With `passing` the memory of a piece is given back when the
 * next one is asked for; with `owned` that of what comes is, too.
 * @throws Fault COMPRESSION_INVALID, LIMIT_EXCEEDED
 */
export async function* decompress(
  bytes: AsyncIterable<Uint8Array>,
  options: {
    readonly limits?: ExpansionLimits;
    readonly kept?: KeptFrames | undefined;
    readonly passing?: boolean | undefined;
    readonly owned?: boolean | undefined;
  } = {},
): AsyncGenerator<Uint8Array> {
  const { limits = expansionLimits, kept, passing = false, owned = false } = options;
  const counted = { bytes: 0 };
  const source: AsyncIterator<Uint8Array> = countedBy(bytes, counted);
  try {
    const input = new ByteQueue(source, { owned });
    const compression = compressionOf(await input.peek(4));
    const expanded =
      compression === "none" ? input.rest() : expandedBy(compression, input, { kept, passing });
    let total = 0;
    for await (const chunk of expanded) {
      total += chunk.length;
      const isBomb = total > limits.ratioFrom && total > counted.bytes * limits.ratio;
      if (total > limits.bytes || isBomb) {
        throw new Fault("LIMIT_EXCEEDED", "a compressed stream", {
          why: isBomb ? "it expands more than any layer does" : "it is too large",
          values: { compressed: counted.bytes, expanded: total, limit: limits.bytes },
        });
      }
      yield chunk;
    }
  } finally {
    await source.return?.();
  }
}

/** Compresses; the same bytes in give the same bytes out, on any number of processors, as long as `encoderOf` is the same. */
export function compress(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  kept?: KeptFrames,
): AsyncIterable<Uint8Array> {
  return compression === "none" ? bytes : encodeFrames(bytes, compression, kept);
}

async function* countedBy(
  bytes: AsyncIterable<Uint8Array>,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    counted.bytes += chunk.length;
    yield chunk;
  }
}

async function* expandedBy(
  compression: "gzip" | "zstd",
  input: ByteQueue,
  { kept, passing }: { readonly kept: KeptFrames | undefined; readonly passing: boolean },
): AsyncGenerator<Uint8Array> {
  const others = (bytes: AsyncIterable<Uint8Array>) => {
    // The types leave out that a coder is a stream with a stream's options
    const options = { chunkSize, readableHighWaterMark };
    const pieces =
      compression === "gzip"
        ? through(bytes, createGunzip(options))
        : zstdFrames(new ByteQueue(bytes[Symbol.asyncIterator]()), (frame) =>
            through(frame, createZstdDecompress(options)),
          );
    return passing ? passed(pieces) : pieces;
  };
  try {
    yield* decodeFrames(input, compression, others, { kept, passing });
  } catch (error) {
    if (!isCodecError(error)) throw error;
    throw new Fault("COMPRESSION_INVALID", `a ${compression} stream`, {
      why: (error as Error).message,
      cause: error,
    });
  }
}

/** A coder fills a block piece by piece: who has had its last piece has had all of it. */
async function* passed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    if (piece.byteOffset + piece.length === piece.buffer.byteLength) release(piece);
  }
}

function isCodecError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    typeof code === "string" && /^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD|ERR_BUFFER_TOO_LARGE)/.test(code)
  );
}

async function* through(
  bytes: AsyncIterable<Uint8Array>,
  coder: NodeJS.ReadWriteStream & AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  // A source's error reaches the reader through `failure`: the stream would only say that it was closed early
  const source = Readable.from(
    (async function* () {
      try {
        yield* bytes;
      } catch (error) {
        failure = error;
        throw error;
      }
    })(),
    { objectMode: true, highWaterMark: 4 },
  );
  pipeline(source, coder, () => undefined);
  try {
    yield* coder;
  } catch (error) {
    throw failure ?? error;
  } finally {
    source.destroy();
  }
}
