import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { Fault, type FaultDocument } from "@lithify/fault";
import { lastLine } from "../host/program.ts";
import { releaseResources } from "./clean-up.ts";
import { openOutputLog } from "./output-log.ts";
import { type Forwarder, openForwarder } from "./port-forwarder.ts";
import {
  type InstancePaths,
  type InstanceRecord,
  instancePaths,
  markOf,
  readRecord,
  runtimeRoot,
  writeRecord,
} from "./state.ts";

/** What the monitor tells the process that started it, once. */
export type MonitorReport =
  | { readonly answer: "running" }
  | { readonly answer: "failed"; readonly fault: FaultDocument };

/** Bytes of output kept for an instance, twice at most. */
const logLimit = 8 * 1024 * 1024;

/**
 * The process that stands beside one instance for its whole life, as conmon does: it holds the published
 * ports, collects the output, records the exit code and cleans up. Argument: the directory of the instance,
 * with its record and its bundle ready. It outlives the command that started it.
 */
async function watch(directory: string): Promise<void> {
  const state = dirname(dirname(directory));
  const paths = instancePaths(state, basename(directory));
  const prepared = await readRecord(paths);
  if (prepared === undefined) return;
  const forwarders: Forwarder[] = [];
  try {
    for (const mapping of prepared.published)
      forwarders.push(
        await openPort(prepared, mapping.host, mapping.hostPort, mapping.containerPort),
      );
    const record = { ...prepared, published: publishedBy(prepared, forwarders) };
    await runToEnd(state, paths, record, () => {
      for (const forwarder of forwarders) forwarder.close();
    });
  } catch (cause) {
    for (const forwarder of forwarders) forwarder.close();
    const fault =
      cause instanceof Fault
        ? cause
        : new Fault("INSTANCE_START_FAILED", "the monitor of the instance", { why: String(cause) });
    report({ answer: "failed", fault: fault.toJSON() });
  }
}

function openPort(
  record: InstanceRecord,
  host: string,
  hostPort: number,
  containerPort: number,
): Promise<Forwarder> {
  const address = record.network?.address ?? "127.0.0.1";
  return openForwarder({ host, port: hostPort }, () => ({ host: address, port: containerPort }));
}

function publishedBy(
  record: InstanceRecord,
  forwarders: readonly Forwarder[],
): InstanceRecord["published"] {
  return record.published.map((mapping, index) => ({
    ...mapping,
    hostPort: forwarders[index]?.port ?? mapping.hostPort,
  }));
}

/** Starts the runtime and stays with it. Throws Fault INSTANCE_START_FAILED when the process never ran. */
async function runToEnd(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
  closePorts: () => void,
): Promise<void> {
  const by = markOf(process.pid);
  if (by === undefined) throw new Fault("KERNEL_REFUSED", "read /proc/self/stat");
  const pidFile = join(paths.bundle, "pid");
  const log = openOutputLog(paths.log, logLimit);
  const runtime = startRuntime(state, paths, record, pidFile, (bytes) => log.write(bytes));
  const started = await waitForStart(pidFile, runtime.ended);
  if (started === undefined) {
    await runtime.ended;
    throw startFault(paths, record);
  }
  const mark = markOf(started) ?? { pid: started, startTime: "ended already" };
  await writeRecord(paths, { ...record, phase: { answer: "running", by, process: mark } });
  report({ answer: "running" });
  const exitCode = await runtime.ended;
  closePorts();
  await runtime.drained;
  log.close();
  await releaseResources(state, paths, record);
  await writeRecord(paths, { ...record, phase: { answer: "ended", by, exitCode } });
}

interface Runtime {
  readonly ended: Promise<number>;
  /** Resolves when the last writer of the output is gone. */
  readonly drained: Promise<void>;
}

function startRuntime(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
  pidFile: string,
  write: (bytes: Uint8Array) => void,
): Runtime {
  const global = ["--root", runtimeRoot(state), "--log", join(paths.bundle, "runtime.log")];
  const run = ["run", "--bundle", paths.bundle, "--pid-file", pidFile, record.id];
  const child = spawn(record.programs.runc, [...global, ...run], {
    cwd: paths.bundle,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(127));
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", write);
  const drained = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return { ended, drained };
}

/** The runtime writes the pid file once the process runs; undefined when it ended before. */
async function waitForStart(pidFile: string, ended: Promise<number>): Promise<number | undefined> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (;;) {
    const last = over;
    if (existsSync(pidFile)) {
      const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
      if (Number.isInteger(pid)) return pid;
    }
    if (last) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Why the runtime failed: the last line of its own log, which is `key=value` text with `msg`. */
function startFault(paths: InstancePaths, record: InstanceRecord): Fault {
  const path = join(paths.bundle, "runtime.log");
  const line = existsSync(path) ? lastLine(readFileSync(path, "utf8")) : "";
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll('\\"', '"') ?? line;
  return new Fault("INSTANCE_START_FAILED", `start ${record.process.args[0] ?? ""}`, {
    why: message || "the runtime gave no reason",
    values: { name: record.name, user: `${record.process.user.uid}:${record.process.user.gid}` },
  });
}

function report(message: MonitorReport): void {
  if (process.connected) process.send?.(message, () => process.disconnect());
}

// A closed terminal or an interrupted command is nothing to it; but a command that dies before it says so leaves nothing to watch.
process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});
const begins = await new Promise<boolean>((resolve) => {
  process.once("message", () => resolve(true));
  process.once("disconnect", () => resolve(false));
});
if (begins) await watch(process.argv[2] ?? "");
process.exit(0);
