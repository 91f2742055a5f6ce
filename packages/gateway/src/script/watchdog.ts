import { isMainThread, Worker } from "node:worker_threads";

/** State of the watched thread: nothing runs, a script runs, a script is about to be stopped. */
const idle = 0;
const running = 1;
const stopping = 2;
/** Places in the shared memory. */
const entries = 0;
const state = 1;
const ended = 2;

/**
 * Watches the main thread from another one, and stops a script that computes without a pause. Where
 * the kernel tells it, the time that counts is the processor time of the main thread, so that a
 * script is not to blame for what others take from the machine. The
 * stopped script's whole stack is gone, callers included: so what enters a realm under this watch
 * must be called from a message port's handler, where Node keeps no state of its own on the stack.
 */
export class Watchdog {
  readonly #shared = new Int32Array(new SharedArrayBuffer(12));
  readonly #worker: Worker;
  #watching = false;

  /** `limit` in milliseconds. `onStopped` is called in a turn of its own after a script was stopped. */
  constructor(limit: number, onStopped: () => void) {
    this.#worker = new Worker(watch, {
      eval: true,
      workerData: { shared: this.#shared.buffer, limit },
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
      env: {},
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on("message", (what: string) => {
      if (what === "watching") this.#watching = true;
      else onStopped();
    });
    const gone = (): void => {
      this.#watching = false;
    };
    this.#worker.on("error", gone);
    this.#worker.on("exit", gone);
  }

  /** False where this thread cannot be watched, and until the watch is up. */
  get watching(): boolean {
    return this.#watching;
  }

  /** Calls `action`, which is stopped, and everything that called it, when it takes too long. */
  enter(action: () => void): void {
    Atomics.add(this.#shared, entries, 1);
    Atomics.store(this.#shared, state, running);
    try {
      action();
    } finally {
      this.#leave();
    }
  }

  /** To be called after a stop, before the next entry. */
  recover(): void {
    Atomics.store(this.#shared, state, idle);
  }

  close(): void {
    this.#watching = false;
    Atomics.store(this.#shared, ended, 1);
    Atomics.notify(this.#shared, ended);
  }

  #leave(): void {
    if (Atomics.compareExchange(this.#shared, state, running, idle) === running) return;
    // the decision to stop has been made: it must hit here and not later, in the gateway's own work
    for (;;);
  }
}

/** True where scripts run in the main thread of a process whose runtime can be told to stop. */
export function canBeWatched(): boolean {
  return isMainThread && process.features.inspector;
}

let bare = false;

/**
 * Whether the stack holds only frames that may be lost: those from here down to a callback of
 * `onBareStack`. Where it does not, or where nobody knows, it is false.
 */
export function isBareStack(): boolean {
  return bare;
}

/**
 * Hands a value on. To be called from what Node calls first thing in a turn, and where it does
 * nothing afterwards: then a stop that takes the whole stack with it does no harm to Node.
 */
export function onBareStack<Value>(take: (value: Value) => void, value: Value): void {
  bare = true;
  try {
    take(value);
  } finally {
    bare = false;
  }
}

/** To be called after such a stop: it runs no `finally`. */
export function lostBareStack(): void {
  bare = false;
}

/**
 * An entry is looked at from its second look on, so that short scripts cost no file read. The first
 * number of a thread's schedstat is the nanoseconds that it was on a processor.
 */
const watch = `
const { readFileSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const { Session } = require("node:inspector");
const { shared, limit } = workerData;
const memory = new Int32Array(shared);
const pause = Math.max(5, Math.min(50, limit / 10));
const times = "/proc/self/task/" + process.pid + "/schedstat";
const onProcessor = () => Number(readFileSync(times, "utf8").split(" ")[0]) / 1e6;
let spent = () => performance.now();
try {
  if (onProcessor() > 0) spent = onProcessor;
} catch {
  // the kernel does not tell: time that passes counts
}
let entry = -1;
let since = 0;
const trial = new Session();
trial.connectToMainThread();
trial.disconnect();
parentPort.postMessage("watching");
while (Atomics.wait(memory, ${ended}, 0, pause) === "timed-out") {
  const now = Atomics.load(memory, ${entries});
  if (now !== entry || Atomics.load(memory, ${state}) !== ${running}) {
    entry = now;
    since = -1;
  } else if (since < 0) {
    since = spent() - pause;
  } else if (
    spent() - since >= limit &&
    Atomics.compareExchange(memory, ${state}, ${running}, ${stopping}) === ${running}
  ) {
    const session = new Session();
    session.connectToMainThread();
    session.post("Runtime.terminateExecution");
    session.disconnect();
    parentPort.postMessage("stopped");
  }
}
`;
