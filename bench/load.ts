import { command, programPath } from "./commands.ts";

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** What one run of wrk found. */
export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds that 99 of 100 answers stayed below. */
  readonly p99: number;
  /** Answers other than 2xx and 3xx, and sockets that failed. */
  readonly errors: number;
}

/** What is missing to make load, or undefined. */
export function wrkMissing(): string | undefined {
  return programPath("wrk") === undefined ? "wrk: the program is missing; install wrk" : undefined;
}

/** One thread of wrk on `http://127.0.0.1:PORT/stillmutable`. */
export async function loadPort(port: number, load: Load): Promise<LoadResult> {
  const { stdout } = await command(
    programPath("wrk") ?? "wrk",
    [
      ...["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--latency"],
      `http://127.0.0.1:${port}/stillmutable`,
    ],
    { signal: load.signal },
  );
  return parseWrk(stdout);
}

const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** @throws when the text is not what wrk 4 prints with --latency */
export function parseWrk(text: string): LoadResult {
  const perSecond = /^Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1];
  const p99 = /^\s+99%\s+([\d.]+)(us|ms|s|m)[ ]*$/m.exec(text);
  if (perSecond === undefined || p99 === null) throw new Error(`not understood: ${text}`);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0");
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failed = (sockets ?? []).slice(1).reduce((sum, count) => sum + Number(count), 0);
  return {
    perSecond: Number(perSecond),
    p99: Number(p99[1]) * (milliseconds[p99[2] ?? ""] ?? Number.NaN),
    errors: refused + failed,
  };
}
