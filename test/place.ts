import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, type Call, type CallOptions, lithify, startLithify } from "./lithify.ts";

/** A directory of a test with a store and a state of its own, and the command that uses them. */
export interface Place {
  readonly directory: string;
  readonly store: string;
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  at(...parts: readonly string[]): string;
  /** Runs the command to its end. */
  run<Document = unknown>(
    args: readonly string[],
    options?: Partial<CallOptions>,
  ): Promise<Answer<Document>>;
  /** The same with `--json`; throws unless it ends with 0 or 1. */
  ask<Document = unknown>(
    args: readonly string[],
    options?: Partial<CallOptions>,
  ): Promise<Document>;
  start<Document = unknown>(
    args: readonly string[],
    options?: Partial<CallOptions>,
  ): Call<Document>;
  /** Stops the instances, ends what still runs, removes the directory. */
  close(): Promise<void>;
}

/** Why the machine cannot run containers, or false. */
export function cannotRun(): string | false {
  if (process.getuid?.() !== 0) return "not root";
  const missing = ["runc", "ip", "busybox"].filter((name) => programPath(name) === undefined);
  return missing.length === 0 ? false : `missing: ${missing.join(", ")}`;
}

/** Prints why tests are left out; true when they are. */
export function skips(what: string, reason: string | false): boolean {
  if (reason !== false) process.stdout.write(`skipped: ${what}: ${reason}\n`);
  return reason !== false;
}

export function programPath(name: string): string | undefined {
  for (const directory of [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"])
    if (directory !== "" && existsSync(join(directory, name))) return join(directory, name);
  return undefined;
}

export function openPlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), "lithify-test-"));
  const at = (...parts: readonly string[]): string => join(directory, ...parts);
  const store = at("store");
  const state = at("state");
  const env = environment({ LITHIFY_STORE: store, LITHIFY_STATE: state });
  const place: Place = {
    directory,
    store,
    state,
    env,
    at,
    run: (args, options) => lithify(args, { env, cwd: directory, ...options }),
    start: (args, options) => startLithify(args, { env, cwd: directory, ...options }),
    async ask<Document>(args: readonly string[], options?: Partial<CallOptions>) {
      const answer = await place.run<Document>(withJson(args), options);
      if (answer.exitCode > 1)
        throw new Error(`lithify ${args.join(" ")}: ${answer.exitCode}\n${answer.stderr}`);
      return answer.document;
    },
    async close() {
      await place.run(["stop", "--all", "--time", "0"]);
      for (const pid of processesOf(directory)) process.kill(pid, "SIGKILL");
      for (const mount of mountsBelow(directory).toReversed())
        execFileSync("umount", ["--lazy", mount]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return place;
}

/** Before `--`, behind which words belong to another command. */
export function withJson(args: readonly string[]): readonly string[] {
  const at = args.indexOf("--");
  return at < 0 ? [...args, "--json"] : [...args.slice(0, at), "--json", ...args.slice(at)];
}

/** The test's environment without what would change answers, and with what is given. */
export function environment(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), LANG: "C.UTF-8", ...given };
}

/** Mount points below a directory, outermost first. */
export function mountsBelow(directory: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${directory}/`));
}

/** Processes whose command line or working directory names the directory; not this one. */
export function processesOf(directory: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return (
          command.includes(directory) || readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)
        );
      } catch {
        return false;
      }
    });
}

/** What the kernel holds for the instances of a place. */
export interface Held {
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly processes: readonly number[];
}

interface Record {
  readonly network?: { readonly namespace: string; readonly link: string };
  readonly phase: {
    readonly by?: { readonly pid: number };
    readonly process?: { readonly pid: number };
  };
}

/** What is recorded now, to be looked for after the stop. */
export function heldBy(place: Place): Held {
  const directory = join(place.state, "instances");
  const ids = existsSync(directory) ? readdirSync(directory) : [];
  const records: readonly Record[] = ids.map((id) =>
    JSON.parse(readFileSync(join(directory, id, "instance.json"), "utf8")),
  );
  return {
    namespaces: records.flatMap(({ network }) => network?.namespace ?? []),
    links: records.flatMap(({ network }) => network?.link ?? []),
    processes: records.flatMap(({ phase }) =>
      [phase.by?.pid ?? [], phase.process?.pid ?? []].flat(),
    ),
  };
}

/** What of it is there still: after a stop every list is empty. */
export function stillHeld(place: Place, held: Held): Held & { readonly mounts: readonly string[] } {
  return {
    namespaces: held.namespaces.filter((name) => existsSync(join("/run/netns", name))),
    links: held.links.filter((name) => existsSync(join("/sys/class/net", name))),
    processes: held.processes.filter(isRunning),
    mounts: mountsBelow(place.directory),
  };
}

/** A zombie that nobody has waited for yet counts as ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits until the condition gives a value; the test's own timeout ends it otherwise. */
export async function until<Value>(
  condition: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
