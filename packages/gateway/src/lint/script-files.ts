import { readFileSync, statSync } from "node:fs";
import { builtinModules } from "../script/builtin-modules.ts";
import { moduleCandidates } from "../script/script-store.ts";
import { usesOfScript } from "../script/script-uses.ts";

/** A script, or a module that one requires by a name in its text. */
export interface ScriptFile {
  readonly path: string;
  readonly source: string;
}

/** The script at `path` and what it requires, as far as files are there; each once in `seen`. */
export function scriptFiles(
  root: string,
  domain: string,
  path: string,
  seen: Set<string>,
): readonly ScriptFile[] {
  if (seen.has(path) || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
  seen.add(path);
  if (path.endsWith(".json")) return [];
  const source = readFileSync(path, "utf8");
  const modules = usesOfScript(source).filter(
    ({ kind, name }) => kind === "module" && !builtinModules.has(name.replace(/\.js$/, "")),
  );
  return [
    { path, source },
    ...modules.flatMap(({ name }) =>
      moduleCandidates(root, domain, name, path).flatMap((candidate) =>
        scriptFiles(root, domain, candidate, seen),
      ),
    ),
  ];
}
