import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The cases of a file of text: one a line, parts separated by ` => `; `#` begins a comment. */
export function casesOf(file: string): readonly (readonly string[])[] {
  return readFileSync(join(import.meta.dirname, file), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))
    .map((line) => line.split(/ => ?/));
}
