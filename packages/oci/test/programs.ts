import { execFile, spawn, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { test } from "vitest";

export const run = promisify(execFile);

/** True when a program is there. Where it is not, the tests that need it are skipped and say so. */
export function hasProgram(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}

export const isRoot = process.getuid?.() === 0;

/** A test that is skipped, with the reason in its name, when `missing` gives one. */
export function testUnless(
  missing: string | undefined,
  name: string,
  body: () => Promise<void>,
  timeout?: number,
): void {
  if (missing === undefined) test(name, body, timeout);
  else test.skip(`${name} (skipped: ${missing})`, body);
}

/** Gives bytes to a program and takes its output. */
export async function piped(
  input: Uint8Array,
  command: string,
  args: readonly string[],
): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${command}: ${Buffer.concat(errors)}`);
  return Buffer.concat(chunks);
}
