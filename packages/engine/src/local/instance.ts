import { constants } from "node:os";
import { Fault } from "@lithify/fault";
import type { Instance, InstanceState } from "../engine.ts";
import { volumeTreesOf } from "../volume/volume-trees.ts";
import { forget } from "./clean-up.ts";
import { execInside } from "./exec.ts";
import { factsOf } from "./kernel-facts.ts";
import { readOutputLog } from "./output-log.ts";
import { currentRecord, waitForEnd, waitUntilGone } from "./process-watch.ts";
import { snapshotOf, touchedBelow } from "./snapshot.ts";
import { type InstanceRecord, instancePaths, isAlive, type ProcessMark } from "./state.ts";

/** An instance of the local engine, by its record. Everything that changes is read again at each call. */
export function localInstance(state: string, record: InstanceRecord): Instance {
  const { id } = record;
  const paths = instancePaths(state, id);
  const running = () => runningRecord(state, record);
  return {
    id,
    name: record.name,
    image: record.image,
    labels: record.labels,
    mutable: record.mutable,
    startedAt: record.startedAt,
    published: record.published,
    volumes: record.volumes ?? [],
    state: () => stateOf(state, record),
    address: (port) => ({ host: record.network?.address ?? "127.0.0.1", port }),
    logs: ({ follow = false, signal } = {}) =>
      readOutputLog(
        paths.log,
        async () => follow && (await currentRecord(state, id))?.phase.answer === "running",
        signal,
      ),
    exec: async (command, options = {}) =>
      execInside(state, paths, (await running()).record, command, options),
    stop: ({ graceSeconds = 10 } = {}) => stop(state, record, graceSeconds),
    snapshot: async () => snapshotOf(paths.rootfs, (await running()).record),
    touched: async () => {
      await running();
      return touchedBelow(paths.upper);
    },
    facts: async () => {
      const now = await running();
      return factsOf(now.process.pid, now.record.process.args);
    },
    volumeTrees: async () => {
      const now = await running();
      return volumeTreesOf(now.record.programs.tar, now.record.volumes ?? [], now.process.pid);
    },
  };
}

async function stateOf(state: string, record: InstanceRecord): Promise<InstanceState> {
  let now = await currentRecord(state, record.id);
  if (now?.phase.answer === "running" && !isAlive(now.phase.process))
    now = await waitForEnd(state, record.id, Number.POSITIVE_INFINITY);
  if (now === undefined || now.phase.answer === "starting") throw ended(record);
  return now.phase.answer === "running"
    ? { answer: "running", pid: now.phase.process.pid }
    : { answer: "ended", exitCode: now.phase.exitCode };
}

async function runningRecord(
  state: string,
  record: InstanceRecord,
): Promise<{ readonly record: InstanceRecord; readonly process: ProcessMark }> {
  const now = await currentRecord(state, record.id);
  if (now?.phase.answer !== "running" || !isAlive(now.phase.process)) throw ended(record);
  return { record: now, process: now.phase.process };
}

/** Ends the process if it still runs, waits until the monitor has cleaned up, forgets the instance. */
async function stop(
  state: string,
  record: InstanceRecord,
  graceSeconds: number,
): Promise<{ readonly exitCode: number }> {
  const paths = instancePaths(state, record.id);
  let now = await currentRecord(state, record.id);
  if (now?.phase.answer === "running") {
    signalProcess(now.phase.process, signalNumber(record.stopSignal));
    now = await waitForEnd(state, record.id, graceSeconds * 1000);
  }
  if (now?.phase.answer === "running") {
    signalProcess(now.phase.process, constants.signals.SIGKILL);
    now = await waitForEnd(state, record.id, Number.POSITIVE_INFINITY);
  }
  if (now?.phase.answer !== "ended") throw ended(record);
  await waitUntilGone(now.phase.by);
  await forget(state, paths, now);
  return { exitCode: now.phase.exitCode };
}

function signalProcess(mark: ProcessMark, signal: number): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, signal);
  } catch {
    // it ended in between
  }
}

/** STOPSIGNAL as Docker reads it: a number, or a name with or without SIG; SIGTERM for what the machine does not know. */
function signalNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const realTime = /^(?:SIG)?RTMIN\+(\d+)$/.exec(text);
  if (realTime !== null) return firstRealTimeSignal + Number(realTime[1]);
  const name = text.startsWith("SIG") ? text : `SIG${text}`;
  const known: Readonly<Record<string, number>> = constants.signals;
  return known[name] ?? constants.signals.SIGTERM;
}

/** SIGRTMIN as glibc has it (signal(7)). */
const firstRealTimeSignal = 34;

function ended(record: InstanceRecord): Fault {
  return new Fault("INSTANCE_ENDED", `the instance ${record.name}`, { values: { id: record.id } });
}
