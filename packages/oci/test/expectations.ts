import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { expect } from "vitest";

/** The code of the Fault that `run` ends in; undefined when it succeeds. Any other error fails the test. */
export async function faultCodeOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
}

export async function expectFault(code: string, run: () => Promise<unknown>): Promise<void> {
  expect(await faultCodeOf(run)).toBe(code);
}

export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-oci-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
