import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { Configuration } from "../config/model.ts";
import type { Difference } from "./difference.ts";

/** Most files of one tree that are compared. */
const mostFiles = 20_000;

/**
 * Differences in the content of the files below `local/`. A file belongs to the domain whose folder
 * it lies in. Throws LIMIT_EXCEEDED above 20,000 files.
 */
export function compareFiles(before: Configuration, after: Configuration): Difference[] {
  const was = filesOf(before);
  const is = filesOf(after);
  const differences: Difference[] = [];
  for (const file of [...new Set([...was.keys(), ...is.keys()])].sort()) {
    const old = was.get(file);
    const now = is.get(file);
    const [, folder = ""] = file.split("/");
    const known = before.domains.has(folder) || after.domains.has(folder);
    const domain = known && file.split("/").length > 2 ? folder : "default";
    const common = { of: "file", domain, file, boilerplate: false } as const;
    if (old === undefined) differences.push({ ...common, change: "added", is: now! });
    else if (now === undefined) differences.push({ ...common, change: "removed", was: old });
    else if (!isSameFile(join(before.root, file), join(after.root, file), old, now)) {
      differences.push({ ...common, change: "changed", was: old, is: now });
    }
  }
  return differences;
}

/** Size by path below the root. */
function filesOf(configuration: Configuration): Map<string, number> {
  const files = new Map<string, number>();
  if (configuration.single === true) return files;
  const visit = (folder: string): void => {
    const path = join(configuration.root, folder);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(name);
      else if (entry.isFile()) files.set(name, statSync(join(configuration.root, name)).size);
      if (files.size > mostFiles) {
        throw new Fault("LIMIT_EXCEEDED", `cannot compare ${path}`, {
          why: `it holds more than ${mostFiles} files`,
        });
      }
    }
  };
  visit("local");
  return files;
}

function isSameFile(one: string, other: string, size: number, otherSize: number): boolean {
  return size === otherSize && readFileSync(one).equals(readFileSync(other));
}
