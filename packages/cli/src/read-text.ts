import { readFile } from "node:fs/promises";
import { Fault } from "@lithify/fault";

/** A file that the user named. @throws Fault USAGE, with `title` for what it should be */
export async function readText(path: string, title: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Fault("USAGE", title, {
      why:
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? "there is no such file"
          : "it cannot be read",
      values: { path },
      cause: error,
    });
  }
}
