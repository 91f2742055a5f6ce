import { blocksOf } from "./blocks.ts";
import type { ByteQueue } from "./byte-queue.ts";
import {
  gunzipMember,
  gzipBlockBytes,
  gzipEncoder,
  gzipMember,
  gzipMemberBytes,
  gzipMemberLength,
  gzipStartBytes,
} from "./gzip.ts";
import { release } from "./release.ts";
import {
  expandZstdFrame,
  zstdBlockBytes,
  zstdEncoder,
  zstdFrame,
  zstdFrameBytes,
  zstdFrameLength,
} from "./zstd.ts";

/** Frames being compressed at one time; the libuv pool has four threads unless told otherwise. */
const ahead = 6;
/** Frames being expanded: quicker done, so that more of them keep the pool busy while this thread hashes. */
const expandedAhead = 12;

interface Codec {
  /** Name and version: what the bytes of the same input depend on. */
  readonly encoder: string;
  readonly blockBytes: number;
  /** Of the longest frame that is expanded on its own. */
  readonly frameBytes: number;
  /** The frame, in pieces. The block may be written over afterwards. */
  encode(block: Buffer): Promise<readonly Buffer[]>;
  decode(frame: Buffer): Promise<Buffer>;
  /** The length of the frame that comes next; undefined where it cannot be expanded on its own. */
  next(input: ByteQueue): Promise<number | undefined>;
}

const codecs: Readonly<Record<"gzip" | "zstd", Codec>> = {
  gzip: {
    encoder: gzipEncoder,
    blockBytes: gzipBlockBytes,
    frameBytes: gzipMemberBytes,
    encode: gzipMember,
    decode: gunzipMember,
    next: async (input) => gzipMemberLength(await input.peek(gzipStartBytes)),
  },
  zstd: {
    encoder: zstdEncoder,
    blockBytes: zstdBlockBytes,
    frameBytes: zstdFrameBytes,
    encode: zstdFrame,
    decode: expandZstdFrame,
    next: nextZstdFrame,
  },
};

/** The annotation of a layer that says which encoder made its blob. */
export const encoderAnnotation = "io.lithify.encoder";

/** Name and version of the encoder: the same bytes give the same blob as long as this is the same. */
export function encoderOf(compression: "gzip" | "zstd"): string {
  return codecs[compression].encoder;
}

/** Frames of a blob that is being read, by number, as long as they may be wanted for one that is being written. */
export class KeptFrames {
  readonly #frames = new Map<number, { readonly content: Buffer; readonly frame: Buffer }>();
  #read = 0;
  /** Frames that were used again. */
  used = 0;

  add(content: Buffer, frame: Buffer): void {
    this.#frames.set(this.#read, { content, frame });
    this.#read += 1;
    if (this.#frames.size > keptAtOneTime) this.#frames.delete(this.#read - keptAtOneTime - 1);
  }

  /** The frame of this number if it holds just this block. */
  take(number: number, block: Buffer): Buffer | undefined {
    const found = this.#frames.get(number);
    this.#frames.delete(number);
    if (found?.content.equals(block) !== true) return undefined;
    this.used += 1;
    return found.frame;
  }
}

/** A rewrite is a few blocks behind what it reads. */
const keptAtOneTime = 32;

/**
 * Compresses in blocks of one size, each a frame of its own, by the threads of the libuv pool. The cut is by input
 * bytes alone, so that the output depends on the input and the encoder, not on the number of threads; a frame
 * of `kept` is what would come anyway, and is taken instead.
 */
export async function* encodeFrames(
  bytes: AsyncIterable<Uint8Array>,
  compression: "gzip" | "zstd",
  kept?: KeptFrames,
): AsyncGenerator<Uint8Array> {
  const { blockBytes, encode } = codecs[compression];
  const running: Promise<readonly Buffer[]>[] = [];
  // Memory of blocks that are done is used again: without that most of the time goes to freeing it
  const free: Buffer[] = [];
  const encoded = async (block: Buffer) => {
    const frame = await encode(block);
    if (block.length === blockBytes) free.push(block);
    return frame;
  };
  let number = 0;
  for await (const block of blocksOf(bytes, blockBytes, () => free.pop())) {
    const same = kept?.take(number, block);
    if (same === undefined) running.push(started(encoded(block)));
    else {
      running.push(Promise.resolve([same]));
      if (block.length === blockBytes) free.push(block);
    }
    number += 1;
    if (running.length >= ahead) yield* (await running.shift()) as readonly Buffer[];
  }
  if (number === 0) yield* await encode(Buffer.alloc(0));
  for (const frame of running) yield* await frame;
}

/**
 * Expands the frames that can be expanded on their own, several at one time, in order; `others` expands what comes
 * from the first that cannot. With `passing` a block's memory is given back when the next one is asked for, unless it is
 * kept.
 */
export async function* decodeFrames(
  input: ByteQueue,
  compression: "gzip" | "zstd",
  others: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
  { kept, passing = false }: { readonly kept?: KeptFrames | undefined; readonly passing?: boolean },
): AsyncGenerator<Uint8Array> {
  const { next, decode, frameBytes } = codecs[compression];
  // Memory of frames that are expanded is used again: it would be most of what the collector hears of
  const free: Buffer[] = [];
  const memoryFor = (length: number) =>
    kept === undefined
      ? (free.pop() ?? Buffer.allocUnsafeSlow(frameBytes))
      : Buffer.allocUnsafeSlow(length);
  const running: {
    readonly frame: Buffer;
    readonly memory: Buffer;
    readonly content: Promise<Buffer>;
  }[] = [];
  const oldest = async function* (): AsyncGenerator<Buffer> {
    const { frame, memory, content } = running.shift() as (typeof running)[number];
    const expanded = await content;
    if (kept === undefined) free.push(memory);
    else kept.add(expanded, frame);
    yield expanded;
    if (passing && kept === undefined) release(expanded);
  };
  let isFirst = true;
  for (;;) {
    const length = await next(input);
    if (length === undefined) break;
    isFirst = false;
    const memory = memoryFor(length);
    const frame = await input.moveTo(memory.subarray(0, length));
    running.push({ frame, memory, content: started(decode(frame)) });
    if (running.length >= expandedAhead) yield* oldest();
  }
  while (running.length > 0) yield* oldest();
  // An empty stream is malformed; the end behind a frame is not
  if (!isFirst && (await input.peek(1)).length === 0) return;
  yield* others(input.rest());
}

/** Its failure is told when it is waited for. */
function started<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => undefined);
  return work;
}

/** Looked at ahead of what is asked for, so that a frame of many small blocks is not walked once for each. */
const lookAhead = 128 * 1024;

async function nextZstdFrame(input: ByteQueue): Promise<number | undefined> {
  for (let bytes = 18; ; ) {
    const start = await input.peek(bytes + lookAhead);
    const step = zstdFrameLength(start);
    if (step.answer === "unknown") return undefined;
    if (step.bytes <= start.length && step.answer === "whole") return step.bytes;
    // The stream ends within the frame: whoever expands it says so
    if (start.length < bytes + lookAhead) return undefined;
    bytes = step.bytes;
  }
}
