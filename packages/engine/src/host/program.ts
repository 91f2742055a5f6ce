import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Fault } from "@lithify/fault";

/** The programs of the distribution that do what Node cannot: namespaces, mounts, devices, extended attributes. */
const packages = {
  runc: "runc",
  ip: "iproute2",
  tar: "tar",
  mount: "mount",
  umount: "mount",
} as const;

/** Needed by some commands only. */
const extraPackages = { strace: "strace", veritysetup: "cryptsetup-bin" } as const;

export type ProgramName = keyof typeof packages;

/** Absolute paths, so that what was found at the start is what runs later, in the monitor too. */
export type Programs = Readonly<Record<ProgramName, string>>;

/** Looks for every program on PATH. Throws Fault RUNTIME_MISSING with the Debian package of the first that is not there. */
export function findPrograms(env: NodeJS.ProcessEnv): Programs {
  const names = Object.keys(packages) as ProgramName[];
  const found = names.map((name) => [name, findProgram(env, name)]);
  return Object.fromEntries(found);
}

/** One program, on PATH. Throws Fault RUNTIME_MISSING with its Debian package. */
export function findProgram(
  env: NodeJS.ProcessEnv,
  name: keyof typeof extraPackages | ProgramName,
): string {
  const directories = (env.PATH ?? "").split(delimiter).filter((path) => path.startsWith("/"));
  const places = directories.map((directory) => join(directory, name));
  const path = places.find(isExecutable);
  if (path !== undefined) return path;
  throw missing(name, { ...packages, ...extraPackages }[name]);
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; the exit code is the caller's to judge. For short output only. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly stdin?: string; readonly signal?: AbortSignal } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      stdio: ["pipe", "pipe", "pipe"],
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
    child.on("error", (cause) => reject(startFault(path, cause)));
    child.on("close", (code) => resolve({ exitCode: code ?? 128, stdout, stderr }));
    child.stdin.on("error", () => {}); // the program ended before it read everything: its exit code tells
    child.stdin.end(options.stdin);
  });
}

/** As runProgram, for programs whose failure is a failure of the caller. Throws Fault KERNEL_REFUSED with what the program said. */
export async function mustRun(
  what: string,
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly stdin?: string; readonly signal?: AbortSignal } = {},
): Promise<ProgramResult> {
  const result = await runProgram(path, args, options);
  if (result.exitCode === 0) return result;
  throw new Fault("KERNEL_REFUSED", what, {
    why: lastLine(result.stderr) || `exit code ${result.exitCode}`,
    values: { program: path },
  });
}

/** The last line that is not empty: where programs say what went wrong. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** The fault for a program that could not be started. */
export function startFault(path: string, cause: unknown): Fault {
  if (cause instanceof Error && cause.name === "AbortError")
    return new Fault("INTERRUPTED", path, { cause });
  const name = path.slice(path.lastIndexOf("/") + 1);
  const debianPackage = name in packages ? packages[name as ProgramName] : name;
  return missing(name, debianPackage, cause);
}

/** Throws Fault INTERRUPTED once the signal is given. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Fault("INTERRUPTED", "the command");
}

function missing(name: string, debianPackage: string, cause?: unknown): Fault {
  return new Fault("RUNTIME_MISSING", `the program ${name}`, {
    why: "it is not on PATH",
    values: { program: name, package: debianPackage },
    hint: `Install it: apt-get install ${debianPackage}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
