import { readFileSync, statSync } from "node:fs";
import { builtinModules, unservedModules } from "../script/builtin-modules.ts";
import { moduleCandidates } from "../script/script-store.ts";
import { type ScriptUse, usesOfScript } from "../script/script-uses.ts";

/** A script, or a module that one requires by a name in its text. */
export interface ScriptFile {
  readonly path: string;
  readonly source: string;
  /** Modules that it requires by a name in its text, and that are not there. */
  readonly missing: readonly ScriptUse[];
  /** Rules that it calls by a name in its text. */
  readonly rules: readonly string[];
  /** True when it may call rules by names that do not stand in its text. */
  readonly callsAny: boolean;
}

/** The script at `path` and what it requires, as far as files are there; each once in `seen`. */
export function scriptFiles(
  root: string,
  domain: string,
  path: string,
  seen: Set<string>,
): readonly ScriptFile[] {
  if (seen.has(path) || !isFile(path)) return [];
  seen.add(path);
  if (path.endsWith(".json")) return [];
  const source = readFileSync(path, "utf8");
  const uses = usesOfScript(source);
  const candidates = uses
    .filter(({ kind, name }) => kind === "module" && !isBuiltin(name))
    .map((use) => ({ use, files: moduleCandidates(root, domain, use.name, path) }));
  const rules = uses.filter(({ kind }) => kind === "rule").map(({ name }) => name);
  const own: ScriptFile = {
    path,
    source,
    missing: candidates.filter(({ files }) => !files.some(isFile)).map(({ use }) => use),
    rules,
    callsAny: (source.match(/\bcallRule\b/g)?.length ?? 0) > rules.length,
  };
  const modules = candidates.flatMap(({ files }) => files);
  return [own, ...modules.flatMap((file) => scriptFiles(root, domain, file, seen))];
}

function isBuiltin(name: string): boolean {
  const plain = name.replace(/\.js$/, "");
  return builtinModules.has(plain) || unservedModules.has(plain);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
