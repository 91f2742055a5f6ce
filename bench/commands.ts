import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";

/** What one finished command said, and how long it took from start to end. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Exit codes that are an answer and no failure; 0 alone unless given. */
  readonly answers?: readonly number[];
}

/** Runs a command to its end. An exit code that is no answer is an error with the end of what it wrote. */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const started = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child
      .on("error", reject)
      .on("close", (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
  });
  const seconds = (performance.now() - started) / 1000;
  if (!(options.answers ?? [0]).includes(exitCode)) {
    const end = `${stdout}\n${stderr}`.trim().split("\n").slice(-12).join("\n");
    throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}: ${end}`);
  }
  return { exitCode, stdout, stderr, seconds };
}

/** A program that goes on running until it is stopped. */
export interface Service {
  readonly pid: number;
  /** What it has written so far, at most the last 64 kB. */
  readonly output: () => string;
  readonly hasEnded: () => boolean;
  /** SIGTERM, then SIGKILL after ten seconds; returns when it is gone. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a program in a session of its own, so that only `stop` ends it and a key press does not.
 * @throws when the program cannot be started
 */
export async function startService(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Service> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...options,
  });
  await once(child, "spawn");
  const written = keepOutput(child);
  const ended = once(child, "exit");
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    output: written,
    hasEnded,
    stop: async () => {
      if (hasEnded()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

function keepOutput(child: ChildProcess): () => string {
  let kept = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      kept = (kept + text).slice(-65_536);
    });
  return () => kept;
}

/** Where a program of the distribution is, in the folders that Debian uses; undefined when it is missing. */
export function programPath(name: string): string | undefined {
  return ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));
}
