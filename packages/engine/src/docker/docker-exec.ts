import { randomBytes } from "node:crypto";
import { readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Fault } from "@lithify/fault";
import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { collect, type ExecOptions, type ExecResult, outputLimit } from "../local/exec.ts";
import { userOf } from "../local/user.ts";
import { mergedEnvironment, type RuntimeProcess } from "../runtime/runtime-spec.ts";
import { checkLocal, daemonFault, messageOf } from "./daemon-fault.ts";
import type { DockerContext } from "./docker-context.ts";

/** As `docker exec`; with `files` through the daemon's own runtime, because the API cannot pass open files. */
export async function execInContainer(
  context: DockerContext,
  inspected: ContainerInspectInfo,
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  return (options.files ?? []).length > 0
    ? execByRuntime(context, inspected, command, options)
    : execByDaemon(context.docker, inspected, command, options);
}

async function execByDaemon(
  docker: Docker,
  inspected: ContainerInspectInfo,
  command: readonly string[],
  { user, stdin, env = [] }: ExecOptions,
): Promise<ExecResult> {
  try {
    const exec = await docker.getContainer(inspected.Id).exec({
      Cmd: [...command],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Env: [...env],
      ...(user === undefined ? {} : { User: user }),
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const outputs = await outputsOf(docker, stream, stdin ?? "");
    const { ExitCode, Pid } = await exec.inspect();
    if (outputs === undefined) {
      endProcess(Pid, inspected);
      throw new Fault("OUTPUT_TOO_LARGE", "a command in an instance", {
        values: { limit: outputLimit },
      });
    }
    return { exitCode: ExitCode ?? 137, ...outputs };
  } catch (cause) {
    throw execFault(cause, inspected, user);
  }
}

/** Both outputs to their end; undefined, and the connection closed, beyond the limit. */
async function outputsOf(
  docker: Docker,
  stream: NodeJS.ReadWriteStream & { destroy(): void },
  stdin: string,
): Promise<Pick<ExecResult, "stdout" | "stderr"> | undefined> {
  const parts: readonly [Buffer[], Buffer[]] = [[], []];
  let total = 0;
  const sinks = parts.map((list) => {
    const sink = new PassThrough();
    sink.on("data", (bytes: Buffer) => {
      total += bytes.length;
      if (total > outputLimit) stream.destroy();
      else list.push(bytes);
    });
    return sink;
  });
  const [out, err] = sinks;
  if (out !== undefined && err !== undefined) docker.modem.demuxStream(stream, out, err);
  const closed = new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) stream.on(event, () => resolve());
  });
  stream.end(stdin);
  await closed;
  const [stdout = "", stderr = ""] = parts.map((list) => Buffer.concat(list).toString("utf8"));
  return total > outputLimit ? undefined : { stdout, stderr };
}

/** The daemon does not end a command whose caller went away. */
function endProcess(pid: number, inspected: ContainerInspectInfo): void {
  if (pid <= 0) return;
  try {
    checkLocal({ Id: inspected.Id, State: { ...inspected.State, Pid: pid } });
    process.kill(pid, "SIGKILL");
  } catch {
    // ended already, or not of this machine: its next write fails
  }
}

function execFault(
  cause: unknown,
  inspected: ContainerInspectInfo,
  user: string | undefined,
): unknown {
  if (cause instanceof Fault) return cause;
  const why = messageOf(cause);
  if (/is not running|is paused/.test(why))
    return new Fault("INSTANCE_ENDED", `the instance ${inspected.Name}`, { why, cause });
  if (/unable to find (?:user|group)|no matching entries/.test(why))
    return new Fault("IDENTITY_UNKNOWN", `the user ${user ?? ""}`, { why, cause });
  return daemonFault(cause, "run a command in an instance");
}

/** The bundle that the daemon made: its shim, which is the parent of the container's first process, works in it. */
async function execByRuntime(
  { programs }: DockerContext,
  inspected: ContainerInspectInfo,
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  checkLocal(inspected);
  const { Pid } = inspected.State;
  const bundle = await bundleOf(Pid);
  const { process: first, root } = await runtimeOf(bundle);
  const user =
    options.user === undefined ? undefined : await userOf(`/proc/${Pid}/root`, options.user);
  const wanted = {
    ...first,
    terminal: false,
    args: command,
    env: mergedEnvironment(first.env, options.env ?? []),
    ...(user === undefined
      ? {}
      : { user: { uid: user.uid, gid: user.gid, additionalGids: user.groups } }),
  };
  const file = join(tmpdir(), `lithify-exec-${randomBytes(8).toString("hex")}.json`);
  await writeFile(file, JSON.stringify(wanted), { mode: 0o600, flag: "wx" });
  try {
    const keep = `--preserve-fds=${options.files?.length ?? 0}`;
    const args = ["--root", root, "exec", keep, "--process", file, inspected.Id];
    return await collect(programs.runc, args, options);
  } finally {
    await rm(file, { force: true });
  }
}

async function bundleOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const shim = /^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? "";
  return readlink(`/proc/${shim}/cwd`);
}

/** What containerd keeps in the bundle: the process as started, and where the runtime has its state, by namespace. */
async function runtimeOf(
  bundle: string,
): Promise<{ readonly process: RuntimeProcess; readonly root: string }> {
  try {
    const [config, options] = await Promise.all(
      ["config.json", "options.json"].map(async (name) =>
        JSON.parse(await readFile(join(bundle, name), "utf8")),
      ),
    );
    const namespace = bundle.split("/").at(-2) ?? "moby";
    return { process: config.process, root: join(options.root, namespace) };
  } catch (cause) {
    throw new Fault("DAEMON_REFUSED", "pass open files into a container", {
      why: "the runtime's directory of the container is not as containerd makes it",
      values: { bundle },
      cause,
    });
  }
}
