import { readdirSync, readFileSync } from "node:fs";
import type { ProcessConfig } from "@lithify/oci";
import { parsePolicy } from "../src/policy/parse.ts";
import type { Policy } from "../src/policy/policy.ts";
import type { Line, Xattrs } from "./fixture.ts";

/** A case: a text file of sections, each begun by a line `-- NAME`. Lines that begin with # are comments. */
export interface Case {
  readonly name: string;
  readonly policy: Policy;
  readonly config: ProcessConfig;
  /** Object lines, one list for each `-- layer`. */
  readonly layers: readonly (readonly Line[])[];
  /** From `-- xattrs`: PATH NAME HEX. */
  readonly xattrs: Xattrs;
  /** From `-- notes`: PATH JSON, what is known of a program that is not made of text. */
  readonly notes: Readonly<Record<string, string>>;
  /** The lines of any other section. */
  section(name: string): readonly string[];
}

export function readCases(folder: string): readonly Case[] {
  return readCasesAt(new URL(`./cases/${folder}/`, import.meta.url));
}

export function readCasesAt(directory: URL): readonly Case[] {
  return readdirSync(directory)
    .sort()
    .map((file) => parseCase(file, readFileSync(new URL(file, directory), "utf8")));
}

function parseCase(file: string, text: string): Case {
  const sections: { readonly name: string; readonly lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("# ") || line.trim() === "") continue;
    if (line.startsWith("-- ")) sections.push({ name: line.slice(3).trim(), lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  const all = (name: string) =>
    sections.filter((each) => each.name === name).map((each) => each.lines);
  const xattrs: Record<string, Record<string, Uint8Array>> = {};
  for (const line of all("xattrs").flat()) {
    const [path = "", name = "", hex = ""] = line.split(" ");
    xattrs[path] = { ...xattrs[path], [name]: Buffer.from(hex, "hex") };
  }
  return {
    name: file.replace(/\.txt$/u, ""),
    policy: parsePolicy(["version: 1", ...all("policy").flat()].join("\n"), file),
    config: JSON.parse(all("config").flat().join("\n") || "{}") as ProcessConfig,
    layers: all("layer"),
    xattrs,
    notes: Object.fromEntries(
      all("notes")
        .flat()
        .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
    ),
    section: (name) => all(name).flat(),
  };
}
