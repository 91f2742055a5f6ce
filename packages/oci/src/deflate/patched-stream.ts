import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { BytePatch } from "./byte-patches.ts";
import { flatPatches } from "./flat-patches.ts";
import { GzipPatcher } from "./gzip-patch.ts";
import { movable, type PatchAnswer, type PatchInput, type PatchOrder } from "./patch-talk.ts";
import { Unpatchable } from "./unpatchable.ts";

/** Pieces that are on their way to the thread and back. */
const ahead = 4;
/** Compressed bytes from which on a thread is worth its start, a tenth of a second. */
export const worthAThread = 8 * 1024 * 1024;

/**
 * A gzip stream with some bytes of its content changed, as `GzipPatcher` does it; a large one is patched by a thread of
 * its own, which ends with the reading. The memory of the pieces of a large one is taken. @throws Unpatchable
 */
export function patchedStream(
  bytes: AsyncIterable<Uint8Array>,
  patches: readonly BytePatch[],
  size: number,
): AsyncGenerator<Uint8Array> {
  return size < worthAThread ? patchedHere(bytes, patches) : patchedAside(bytes, patches);
}

async function* patchedHere(
  bytes: AsyncIterable<Uint8Array>,
  patches: readonly BytePatch[],
): AsyncGenerator<Uint8Array> {
  const patcher = new GzipPatcher(patches);
  for await (const chunk of bytes) yield patcher.push(chunk);
  yield patcher.end();
}

async function* patchedAside(
  bytes: AsyncIterable<Uint8Array>,
  patches: readonly BytePatch[],
): AsyncGenerator<Uint8Array> {
  const thread = startThread({ patches: flatPatches(patches) });
  try {
    let waiting = 0;
    for await (const chunk of bytes) {
      thread.send(movable(chunk));
      waiting += 1;
      if (waiting < ahead) continue;
      yield await thread.piece();
      waiting -= 1;
    }
    thread.send("end");
    for (; waiting >= 0; waiting -= 1) yield await thread.piece();
  } finally {
    await thread.stop();
  }
}

const program = new URL(
  import.meta.url.endsWith(".ts") ? "./patch-thread.ts" : "./patch-thread.js",
  import.meta.url,
);

interface PatchThread {
  send(input: PatchInput): void;
  /** The answer to the oldest input that has none yet. @throws Unpatchable, and what ended the thread */
  piece(): Promise<Uint8Array>;
  stop(): Promise<void>;
}

function startThread({ patches }: PatchOrder): PatchThread {
  const { places, lengths, bytes } = patches;
  const worker = new Worker(program, {
    workerData: { patches },
    transferList: [places.buffer, lengths.buffer, bytes.buffer],
    resourceLimits: { maxYoungGenerationSizeMb: youngMebibytes },
  });
  const answers = on(worker, "message", { close: ["exit"] });
  return {
    send: (input) => worker.postMessage(input, input === "end" ? [] : [input.buffer]),
    async piece() {
      const { value, done } = await answers.next();
      if (done === true) throw new Error("the thread that patches a layer ended early");
      const [answer] = value as [PatchAnswer];
      if (answer.answer === "unpatchable") throw new Unpatchable(answer.why);
      return answer.piece;
    },
    async stop() {
      await answers.return?.();
      await worker.terminate();
    },
  };
}

/** What it makes is short-lived; a larger space for it would be memory for nothing. */
const youngMebibytes = 2;
