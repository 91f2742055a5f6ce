// One target in a thread of its own: a hang or a full heap ends the thread and not the run.
import { parentPort, workerData } from "node:worker_threads";
import { inputOf } from "./mutate.ts";
import { brokenBy } from "./target.ts";
import { targets } from "./targets.ts";

const { name, seed, first, until, progress } = workerData as WorkerOrder;
const target = targets.find((each) => each.name === name);
if (target === undefined) throw new Error(`${name} is no target`);
const corpus = await target.corpus();
const at = new Int32Array(progress);
let number = first;
for (; Date.now() < until; number += 1) {
  Atomics.store(at, 0, number);
  const broken = await brokenBy(target, inputOf(corpus, seed, number));
  if (broken !== undefined) parentPort?.postMessage({ number, broken });
}
parentPort?.postMessage({ done: number - first });

/** What the thread is told; `progress` holds the number of the input being parsed. */
export interface WorkerOrder {
  readonly name: string;
  readonly seed: number;
  readonly first: number;
  readonly until: number;
  readonly progress: SharedArrayBuffer;
}
