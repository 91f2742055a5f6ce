import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { Fault } from "@lithify/fault";

/**
 * Writes a file that the user named so that it is there whole or not at all: temporary name beside it, fsync,
 * rename. @throws Fault USAGE where the directory cannot be written
 */
export async function writeReport(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Fault("USAGE", "--output", {
      why: `the file cannot be written: ${(error as Error).message}`,
      values: { path },
      cause: error,
    });
  }
}
