import { spawn } from "node:child_process";
import { Fault } from "@lithify/fault";

/** Bytes of output that are kept of a program. */
const maximumOutput = 16 << 20;

export interface ProgramOptions {
  readonly directory?: string;
  readonly signal?: AbortSignal;
}

export type ProgramResult =
  | { readonly answer: "done"; readonly stdout: string }
  | { readonly answer: "failed"; readonly stderr: string };

/**
 * Runs a program of the distribution to its end, in the C locale.
 * @throws Fault PACKAGE_CLIENT_MISSING when it is not installed
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { child, exit } = start(program, args, options);
  const [stdout, stderr] = await Promise.all([
    readText(child.stdout),
    readText(child.stderr),
    exit,
  ]);
  return (await exit) === 0 ? { answer: "done", stdout } : { answer: "failed", stderr };
}

/** What a program writes, as it writes it. @throws Fault PACKAGE_CLIENT_MISSING, PACKAGE_UNAVAILABLE */
export async function* outputOf(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): AsyncGenerator<Uint8Array> {
  const { child, exit } = start(program, args, options);
  const complaint = readText(child.stderr);
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    if ((await exit) !== 0)
      throw new Fault("PACKAGE_UNAVAILABLE", `${program} ${args.join(" ")}`, {
        why: lastLine(await complaint),
      });
  } finally {
    if (child.exitCode === null) child.kill();
  }
}

/** The last line that is not empty: where apt and dpkg say what went wrong. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() || "it said nothing";
}

function start(program: string, args: readonly string[], options: ProgramOptions) {
  const { directory, signal } = options;
  const child = spawn(program, args, {
    env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "pipe", "pipe"],
    ...(directory === undefined ? {} : { cwd: directory }),
    ...(signal === undefined ? {} : { signal }),
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT")
        reject(new Fault("PACKAGE_CLIENT_MISSING", program, { cause: error }));
      else reject(signal?.aborted === true ? new Fault("INTERRUPTED", program) : error);
    });
    child.once("close", (code) => resolve(code));
  });
  exit.catch(() => {});
  return { child, exit };
}

async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size <= maximumOutput) chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
