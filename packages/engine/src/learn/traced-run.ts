import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@lithify/fault";
import type { Image } from "@lithify/oci";
import type { Engine, Instance, RunSpec } from "../engine.ts";
import { lastLine, startFault } from "../host/program.ts";
import { carriedNode, probeEnvironment } from "../proof/carried-node.ts";
import { commandOf } from "../runtime/runtime-spec.ts";
import { gateFor } from "./gate.ts";
import { parseTrace, type TracedWrite } from "./trace-lines.ts";

/** What keeps the program busy while it is watched. */
export interface Workload {
  readonly user?: string;
  /** Replaces the image's command. */
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  /** The program is ended after this time, if it has not ended before. */
  readonly seconds: number;
  /** Sent in this order once the program answers; the host of each URL is replaced by the instance's address. */
  readonly requests?: readonly { readonly method: string; readonly url: URL }[];
  readonly signal?: AbortSignal;
}

export interface TracedRun {
  readonly writes: readonly TracedWrite[];
  /** Paths of the writable layer; none where the root is read-only or the layer cannot be read. */
  readonly touched: readonly string[];
  readonly workload: {
    /** Every request was answered below 500, and the program still ran or had ended with 0. */
    readonly works: boolean;
    /** Left out when it still ran. */
    readonly exitCode?: number;
    readonly responses: readonly { readonly url: string; readonly status: number | "no answer" }[];
    /** The end of what it wrote. */
    readonly output: string;
  };
}

const calls = "trace=%file,chdir,fchdir,clone,clone3,fork,vfork";
const outputKept = 2000;

/** Runs the image under its workload and records every write, done and refused, of it and its children. */
export async function traceRun(
  engine: Engine,
  image: Image,
  how: Pick<RunSpec, "writable" | "writableRoot">,
  workload: Workload & { readonly strace: string },
): Promise<TracedRun> {
  const config = image.config.config ?? {};
  const { user, signal } = workload;
  const command = workload.command ?? commandOf(config, {});
  if (command.length === 0)
    throw new Fault("COMMAND_MISSING", "start an instance", { values: { image: image.digest } });
  const directory = await mkdtemp(join(tmpdir(), "lithify-learn-"));
  const opens = join(directory, "gate");
  await writeFile(opens, "");
  await chmod(directory, 0o711);
  const gate = gateFor(await carriedNode(), command, opens);
  const given = environmentNames(config.Env ?? []);
  const spec: RunSpec = {
    image,
    ...how,
    ...(user === undefined ? {} : { user }),
    entrypoint: gate.entrypoint,
    command: [],
    env: [...probeEnvironment.filter((pair) => given.has(nameIn(pair))), ...(workload.env ?? [])],
    readOnlyMounts: gate.mounts,
    labels: { "lithify.purpose": "learn" },
  };
  const instance = await engine.run(spec, signal === undefined ? {} : { signal });
  try {
    const tracer = await startTracer(workload.strace, instance, join(directory, "trace"));
    await writeFile(opens, "open");
    const done = await work(instance, workload);
    const touched =
      how.writableRoot === true && done.exitCode === undefined ? await instance.touched() : [];
    const { exitCode } = await instance.stop({ graceSeconds: 1 });
    await tracer.ended;
    const text = await readFile(join(directory, "trace"), "latin1");
    const { started, writes } = parseTrace(text, config.WorkingDir || "/");
    const output = done.output.slice(-outputKept);
    if (!started)
      throw new Fault("LEARN_UNUSABLE", `start ${command[0] ?? ""} under a tracer`, {
        why: lastLine(output) || `it ended with exit code ${exitCode} before it began`,
      });
    return { writes, touched: touched ?? [], workload: { ...done, output } };
  } finally {
    await instance.stop({ graceSeconds: 0 }).catch(() => {}); // already stopped when all went well
    await rm(directory, { recursive: true, force: true });
  }
}

function environmentNames(env: readonly string[]): ReadonlySet<string> {
  return new Set(env.map(nameIn));
}

function nameIn(pair: string): string {
  return pair.split("=", 1)[0] ?? pair;
}

/** Resolves at once to a promise of the tracer's end: it ends with the last process that it follows. */
async function startTracer(
  strace: string,
  instance: Instance,
  file: string,
): Promise<{ readonly ended: Promise<void> }> {
  const state = await instance.state();
  if (state.answer !== "running")
    throw new Fault("INSTANCE_ENDED", `the instance ${instance.name}`);
  const args = [
    "-f",
    "-y",
    "--decode-pids=pidns",
    "-qqq",
    "-s",
    "4096",
    "-e",
    calls,
    "-o",
    file,
    "-p",
    String(state.pid),
  ];
  const child = spawn(strace, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4096);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", (cause) => reject(startFault(strace, cause)));
    child.on("close", (code) =>
      code === 0 || said === ""
        ? resolve()
        : reject(new Fault("LEARN_UNUSABLE", "trace a container", { why: lastLine(said) })),
    );
  });
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over); // awaited by the caller too
  while (!isOver && !(await isTraced(state.pid))) await sleep(5);
  return { ended };
}

/** Every thread of the first process, seen from here: inside it has another view of process numbers. */
async function isTraced(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map((id) => readFile(`/proc/${pid}/task/${id}/status`, "utf8").catch(() => "")),
  );
  return threads.length > 0 && states.every((text) => !/^TracerPid:\t0$/m.test(text));
}

/** Requests, then the rest of the time, or the end of the program. */
async function work(instance: Instance, workload: Workload): Promise<TracedRun["workload"]> {
  const deadline = performance.now() + workload.seconds * 1000;
  const responses: TracedRun["workload"]["responses"][number][] = [];
  for (const { method, url } of workload.requests ?? [])
    responses.push({ url: url.href, status: await answerOf(instance, method, url, deadline) });
  while ((workload.requests ?? []).length === 0 || workload.command !== undefined) {
    const isOver = performance.now() >= deadline || workload.signal?.aborted === true;
    if (isOver || (await instance.state()).answer === "ended") break;
    await sleep(50);
  }
  const state = await instance.state();
  const answered = responses.every(({ status }) => status !== "no answer" && status < 500);
  const exit = state.answer === "ended" ? { exitCode: state.exitCode } : {};
  let output = "";
  for await (const text of instance.logs()) output = (output + text).slice(-outputKept);
  return { works: answered && (exit.exitCode ?? 0) === 0, ...exit, responses, output };
}

async function answerOf(
  instance: Instance,
  method: string,
  url: URL,
  deadline: number,
): Promise<number | "no answer"> {
  const there = new URL(url);
  const { host, port } = instance.address(Number(url.port || 80));
  there.hostname = host;
  there.port = String(port);
  for (;;) {
    const left = Math.max(1, Math.ceil(deadline - performance.now()));
    const wait = AbortSignal.timeout(left);
    const response = await fetch(there, { method, signal: wait, redirect: "manual" }).catch(
      () => undefined,
    );
    if (response !== undefined) {
      await response.arrayBuffer().catch(() => {});
      return response.status;
    }
    // The server inside may not listen yet.
    if (performance.now() >= deadline || (await instance.state()).answer === "ended")
      return "no answer";
    await sleep(50);
  }
}
