import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "./checkout.ts";
import { command, programPath } from "./commands.ts";

/** What the numbers were taken on. Nothing in it names the machine. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly kernel: string;
  /** Over one minute: at the start of the run, at its end. */
  readonly load: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
}

/** How each program tells its version: its name, arguments, and the part of its answer that is kept. */
const versionQuestions: ReadonlyArray<readonly [string, readonly string[], RegExp]> = [
  ["runc", ["--version"], /version (\S+)/],
  ["dockerd", ["--version"], /version ([^\s,]+)/],
  ["docker", ["--version"], /version ([^\s,]+)/],
  ["buildah", ["--version"], /version (\S+)/],
  ["skopeo", ["--version"], /version (\S+)/],
  ["nginx", ["-v"], /nginx\/(\S+)/],
  ["wrk", ["-v"], /wrk (\S+)/],
];

/** Reads everything from the machine; a program that is missing is `missing`. */
export async function readMachine(): Promise<Machine> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const [name, args, pattern] of versionQuestions)
    versions[name] = await versionOf(name, args, pattern);
  versions.njs = await packageVersion("libnginx-mod-http-js");
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: systemName(),
    kernel: release(),
    load: [currentLoad()],
    versions,
  };
}

export function currentLoad(): number {
  return loadavg()[0] ?? 0;
}

async function versionOf(name: string, args: readonly string[], pattern: RegExp): Promise<string> {
  const path = programPath(name);
  if (path === undefined) return "missing";
  const { stdout, stderr } = await command(path, args, { answers: [0, 1] });
  return pattern.exec(`${stdout}\n${stderr}`)?.[1] ?? "unknown";
}

async function packageVersion(name: string): Promise<string> {
  try {
    const { stdout } = await command("/usr/bin/dpkg-query", ["--status", name]);
    return /^Version: (\S+)$/m.exec(stdout)?.[1] ?? "missing";
  } catch {
    return "missing";
  }
}

/** The commit that was measured; says so when files of the tool differ from it. */
async function commit(): Promise<string> {
  try {
    const { stdout } = await command("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
    const changed = await command(
      "git",
      ["status", "--porcelain", "--", "packages", "examples", "package-lock.json"],
      { cwd: root },
    );
    return stdout.trim() + (changed.stdout === "" ? "" : " and changes not committed");
  } catch {
    return "not a git checkout";
  }
}

function systemName(): string {
  const file = join("/etc", "os-release");
  if (!existsSync(file)) return process.platform;
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? process.platform;
}
