import { readFileSync } from "node:fs";
import type { TarEntry } from "../src/tar/entry.ts";
import type { TarInput } from "../src/tar/write.ts";
import { entryOf, fileOf } from "./archives.ts";

/** One case of cases/replay.txt, whose head says how it is written. */
export interface ReplayCase {
  readonly name: string;
  readonly layers: readonly (readonly TarInput[])[];
  readonly expected: readonly string[];
  readonly fault: string | undefined;
  /** Why buildah has another tree, by storage driver; nothing where it has the same. */
  readonly differs: ReadonlyMap<string, string>;
}

export function replayCases(): readonly ReplayCase[] {
  const text = readFileSync(new URL("cases/replay.txt", import.meta.url), "utf8");
  return text.split(/^== /m).slice(1).map(caseOf);
}

function caseOf(block: string): ReplayCase {
  const [name = "", ...rest] = block.split("\n");
  const [before = "", after = ""] = `\n${rest.join("\n")}`.split("\nexpect");
  const [notes = "", ...layers] = before.split("\nlayer");
  const expected = after.split("\n").filter((line) => line !== "");
  const fault = expected[0]?.startsWith("fault ") ? expected[0].slice("fault ".length) : undefined;
  return {
    name,
    layers: layers.map((part) => part.trim().split("\n").map(inputOf)),
    expected,
    fault,
    differs: new Map(
      [...notes.matchAll(/^not ([a-z]+): (.*)$/gm)].map(([, driver = "", why = ""]) => [
        driver,
        why,
      ]),
    ),
  };
}

function inputOf(line: string): TarInput {
  const words = line.split(" ");
  const more = Object.fromEntries(
    words.filter((word) => word.includes("=")).map((word) => word.split("=")),
  ) as Record<string, string>;
  const [kind = "", path = "", value = ""] = words.filter((word) => !word.includes("="));
  const [uid = "0", gid = "0"] = (more.owner ?? "0:0").split(":");
  const owner = { uid: Number(uid), gid: Number(gid) };
  const attributes =
    more.mode === undefined ? owner : { ...owner, mode: Number.parseInt(more.mode, 8) };
  if (kind === "file") return fileOf(path, value === "-" ? "" : value, attributes);
  const types: Record<string, TarEntry["type"]> = {
    dir: "directory",
    symlink: "symlink",
    link: "hardlink",
    fifo: "fifo",
    char: "character",
  };
  const type = types[kind];
  if (type === undefined) throw new Error(`no such member: ${line}`);
  const [major = 0, minor = 0] = value.split(":").map(Number);
  return {
    entry: entryOf(path, type, {
      ...attributes,
      ...(type === "symlink" || type === "hardlink" ? { target: value } : {}),
      ...(type === "character" ? { device: { major, minor } } : {}),
    }),
  };
}
