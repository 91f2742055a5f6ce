import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./sources.ts";

/** What one run of the command ended with. */
export interface Answer<Document = unknown> {
  /** 128 and more when a signal ended it before it could answer. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON; throws when it is not exactly one document. */
  readonly document: Document;
}

export interface CallOptions {
  /** The whole environment of the command. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Another command than the checkout's, with its first arguments. */
  readonly program?: readonly [string, ...string[]];
}

export interface Call<Document = unknown> {
  readonly child: ChildProcess;
  readonly done: Promise<Answer<Document>>;
  /** Resolves when standard output and error together match; throws when the command ends before. */
  says(pattern: RegExp): Promise<string>;
}

export const commandFile = join(root, "packages", "cli", "bin", "lithify.js");

/** The fault that `--json` prints. */
export interface FaultAnswer {
  readonly error: {
    readonly code: string;
    readonly what: string;
    readonly why?: string;
    readonly hint: string;
    readonly values?: Readonly<Record<string, unknown>>;
    readonly place?: { readonly file: string; readonly line: number; readonly column?: number };
  };
}

/** Runs the command of the checkout as a process of its own, to its end. */
export function lithify<Document = unknown>(
  args: readonly string[],
  options: CallOptions,
): Promise<Answer<Document>> {
  return startLithify<Document>(args, options).done;
}

/** The same, for a command that is to be watched or interrupted. */
export function startLithify<Document = unknown>(
  args: readonly string[],
  options: CallOptions,
): Call<Document> {
  const [file, ...first] = options.program ?? [process.execPath, commandFile];
  const { env, cwd, uid, gid } = options;
  const child = spawn(file, [...first, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const heard = { stdout: "", stderr: "", waiting: new Set<() => void>() };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    heard.stdout += text;
    for (const look of heard.waiting) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    heard.stderr += text;
    for (const look of heard.waiting) look();
  });
  const done = new Promise<Answer<Document>>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(answer(code ?? 128, heard)));
  });
  return { child, done, says: (pattern) => says(pattern, heard, done) };
}

function answer<Document>(
  exitCode: number,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): Answer<Document> {
  return {
    exitCode,
    stdout,
    stderr,
    get document(): Document {
      try {
        return JSON.parse(stdout);
      } catch {
        throw new Error(`not one JSON document (exit code ${exitCode}):\n${stdout}\n${stderr}`);
      }
    },
  };
}

function says(
  pattern: RegExp,
  heard: { readonly stdout: string; readonly stderr: string; readonly waiting: Set<() => void> },
  done: Promise<unknown>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const match = pattern.exec(`${heard.stdout}${heard.stderr}`);
      if (match === null) return;
      heard.waiting.delete(look);
      resolve(match[0]);
    };
    heard.waiting.add(look);
    look();
    const ended = (): void =>
      reject(new Error(`ended without ${pattern}:\n${heard.stdout}\n${heard.stderr}`));
    done.then(ended, ended);
  });
}
