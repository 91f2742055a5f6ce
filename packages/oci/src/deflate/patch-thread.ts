// The thread that `patchedAside` starts: patches one gzip stream, piece by piece.
import { parentPort, workerData } from "node:worker_threads";
import { releaseWhole } from "../blob/release.ts";
import { patchesOf } from "./flat-patches.ts";
import { GzipPatcher } from "./gzip-patch.ts";
import { movable, type PatchAnswer, type PatchInput, type PatchOrder } from "./patch-talk.ts";
import { Unpatchable } from "./unpatchable.ts";

const patcher = new GzipPatcher(patchesOf((workerData as PatchOrder).patches));

parentPort?.on("message", (input: PatchInput) => {
  const answer = answerTo(input);
  const moved = answer.answer === "piece" ? [answer.piece.buffer] : [];
  parentPort?.postMessage(answer, moved);
});

function answerTo(input: PatchInput): PatchAnswer {
  try {
    const piece = input === "end" ? patcher.end() : patcher.push(input);
    if (input !== "end") releaseWhole(input);
    return { answer: "piece", piece: movable(piece) };
  } catch (error) {
    if (error instanceof Unpatchable) return { answer: "unpatchable", why: error.message };
    throw error;
  }
}
