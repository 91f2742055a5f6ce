import { Worker } from "node:worker_threads";
import type { WorkerOrder } from "./worker.ts";

/** Milliseconds that one input may take, on a machine that does other things too. */
const inputTime = 20_000;
/** MiB of the heap that parsing may take. */
const heapLimit = 256;
/** Findings after which a target is left alone. */
const enough = 5;

/** An input that ended in neither success nor a Fault. The target, the seed and the number make it again. */
export interface Discovery {
  readonly number: number;
  readonly why: string;
}

export interface TargetRun {
  readonly inputs: number;
  readonly discoveries: readonly Discovery[];
}

/** Feeds one target for some seconds; after a hang or a full heap it goes on behind that input. */
export async function runTarget(name: string, seed: number, seconds: number): Promise<TargetRun> {
  const until = Date.now() + seconds * 1000;
  const discoveries: Discovery[] = [];
  let first = 0;
  while (Date.now() < until && discoveries.length < enough) {
    const run = await oneThread({ name, seed, first, until });
    discoveries.push(...run.discoveries);
    first += run.inputs;
  }
  return { inputs: first, discoveries };
}

function oneThread(order: Omit<WorkerOrder, "progress">): Promise<TargetRun> {
  const progress = new SharedArrayBuffer(4);
  const at = new Int32Array(progress);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { ...order, progress } satisfies WorkerOrder,
    resourceLimits: { maxOldGenerationSizeMb: heapLimit },
  });
  const discoveries: Discovery[] = [];
  return new Promise((resolve) => {
    let last = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(at, 0);
      if (now === last) end(`it did not end within ${inputTime / 1000} s`);
      last = now;
    }, inputTime);
    const end = (why: string | undefined, inputs = Atomics.load(at, 0) - order.first + 1) => {
      clearInterval(watch);
      if (why !== undefined) discoveries.push({ number: Atomics.load(at, 0), why });
      worker.removeAllListeners();
      worker.on("error", () => undefined);
      void worker.terminate().then(() => resolve({ inputs, discoveries }));
    };
    worker.on("message", (message: { number: number; broken: string } | { done: number }) => {
      if ("done" in message) end(undefined, message.done);
      else {
        discoveries.push({ number: message.number, why: message.broken });
        if (discoveries.length >= enough) end(undefined);
      }
    });
    worker.on("error", (error) => end(String(error)));
  });
}
