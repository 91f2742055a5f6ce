import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { startFault } from "../host/program.ts";
import { mergedEnvironment } from "../runtime/runtime-spec.ts";
import { type InstancePaths, type InstanceRecord, runtimeRoot } from "./state.ts";
import { userOf } from "./user.ts";

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly user?: string;
  readonly stdin?: string;
  readonly env?: readonly string[];
  readonly files?: readonly string[];
}

/** Bytes of both outputs together. */
export const outputLimit = 16 * 1024 * 1024;

/** Runs a command beside the process of an instance, confined as that is. Throws Fault OUTPUT_TOO_LARGE and ends the command then. */
export async function execInside(
  state: string,
  paths: InstancePaths,
  record: InstanceRecord,
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const base = join(paths.directory, `exec-${randomBytes(6).toString("hex")}`);
  const user = options.user === undefined ? undefined : await userOf(paths.rootfs, options.user);
  const process = {
    ...record.process,
    args: command,
    env: mergedEnvironment(record.process.env, options.env ?? []),
    ...(user === undefined
      ? {}
      : { user: { uid: user.uid, gid: user.gid, additionalGids: user.groups } }),
  };
  await writeFile(`${base}.json`, JSON.stringify(process), { mode: 0o600 });
  try {
    const keep = `--preserve-fds=${options.files?.length ?? 0}`;
    const exec = ["exec", keep, "--process", `${base}.json`, record.id];
    const args = ["--root", runtimeRoot(state), ...exec];
    return await collect(record.programs.runc, args, options);
  } finally {
    await rm(`${base}.json`, { force: true });
  }
}

/** Runs the program that runs a command inside, `options.files` open for it. Throws Fault OUTPUT_TOO_LARGE. */
export async function collect(
  program: string,
  args: readonly string[],
  { stdin, files = [] }: ExecOptions,
): Promise<ExecResult> {
  const given = files.map((path) => openSync(path, "r"));
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe", ...given] });
  for (const descriptor of given) closeSync(descriptor);
  let total = 0;
  const texts = [child.stdout, child.stderr].map((stream) => {
    const parts: Buffer[] = [];
    stream?.on("data", (bytes: Buffer) => {
      total += bytes.length;
      if (total > outputLimit) child.kill("SIGKILL");
      else parts.push(bytes);
    });
    return () => Buffer.concat(parts).toString("utf8");
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => reject(startFault(program, cause)));
    child.on("close", (code) => resolve(code ?? 137));
  });
  child.stdin?.on("error", () => {}); // it ended before it read everything: its exit code tells
  child.stdin?.end(stdin);
  const exitCode = await ended;
  if (total > outputLimit)
    throw new Fault("OUTPUT_TOO_LARGE", "a command in an instance", {
      values: { limit: outputLimit },
    });
  const [stdout = "", stderr = ""] = texts.map((text) => text());
  return { exitCode, stdout, stderr };
}
