import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { directoryOf, fileOfUrl } from "../config/locations.ts";
import { builtinModules, promptModules } from "./builtin-modules.ts";
import type { ScriptFunction } from "./script-host.ts";

/** A script ready to run. `id` is its file. */
export interface StoredScript {
  readonly id: string;
  readonly run: ScriptFunction;
  readonly usesPromises: boolean;
  /** True when nothing in it could get hold of a promise, however it tries. */
  readonly makesNoPromise: boolean;
  /** True when it may need more than what is there from the start. */
  readonly needsModules: boolean;
  /** True when it may need XML, which takes longest to load. */
  readonly needsXml: boolean;
}

interface Entry {
  readonly checked: number;
  readonly stamp: string;
  readonly hash: string;
  readonly script: StoredScript;
}

/** How long a compiled script is used without looking whether its file has changed. */
const trustMilliseconds = 1000;
/** Largest script, in bytes. */
const largestScript = 16 * 1024 * 1024;

/** Most scripts from variables that are kept compiled. */
const mostTexts = 64;

/**
 * Compiled scripts by file: compiled once per content, looked at again at most once a second.
 * `load` throws when the file is missing or does not compile.
 */
export class ScriptStore {
  readonly #root: string;
  readonly #compile: (source: string, filename: string) => ScriptFunction;
  readonly #entries = new Map<string, Entry>();

  readonly #texts = new Map<string, StoredScript>();

  constructor(root: string, compile: (source: string, filename: string) => ScriptFunction) {
    this.#root = root;
    this.#compile = compile;
  }

  load(file: string, shownAs: string): StoredScript {
    const known = this.#entries.get(file);
    const now = performance.now();
    if (known !== undefined && now - known.checked < trustMilliseconds) return known.script;
    const { mtimeMs, size, ino } = statSync(file);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (known?.stamp === stamp) {
      this.#entries.set(file, { ...known, checked: now });
      return known.script;
    }
    if (size > largestScript) throw new RangeError(`${shownAs} is larger than 16 MiB`);
    const source = readFileSync(file, "utf8");
    const hash = createHash("sha256").update(source).digest("hex");
    const script =
      known?.hash === hash
        ? known.script
        : {
            id: file,
            run: this.#compile(source, shownAs),
            usesPromises: mayUsePromises(source),
            makesNoPromise: makesNoPromise(source),
            needsModules: mayNeedModules(source),
            needsXml: xmlWords.test(source),
          };
    this.#entries.set(file, { checked: now, stamp, hash, script });
    return script;
  }

  /** A script that is a text, not a file; the last of them are kept. Throws as `load` does. */
  loadText(source: string, shownAs: string): StoredScript {
    if (source.trim() === "") throw new Error(`${shownAs} holds no script`);
    if (source.length > largestScript) throw new RangeError(`${shownAs} is larger than 16 MiB`);
    const hash = createHash("sha256").update(source).digest("hex");
    const known = this.#texts.get(hash);
    if (known !== undefined) return known;
    const script: StoredScript = {
      id: `text-${hash}`,
      run: this.#compile(source, shownAs),
      usesPromises: mayUsePromises(source),
      makesNoPromise: makesNoPromise(source),
      needsModules: mayNeedModules(source),
      needsXml: xmlWords.test(source),
    };
    if (this.#texts.size >= mostTexts) this.#texts.delete([...this.#texts.keys()][0]!);
    this.#texts.set(hash, script);
    return script;
  }

  /**
   * The module that `require(specifier)` in `from` means: `./x.js` beside the script, `local:///x`
   * or `modules/x` below the domain's `local:///`; `.js` and `.json` may be left out. Throws when
   * there is none.
   */
  module(domain: string, specifier: string, from: string): StoredModule {
    for (const candidate of moduleCandidates(this.#root, domain, specifier, from)) {
      const found = statSync(candidate, { throwIfNoEntry: false });
      if (found?.isFile() !== true) continue;
      if (!candidate.endsWith(".json")) return this.load(candidate, specifier);
      if (found.size > largestScript) throw new RangeError(`${specifier} is larger than 16 MiB`);
      return { id: candidate, run: undefined, json: readFileSync(candidate, "utf8") };
    }
    throw Object.assign(new Error(`Cannot find module '${specifier}'`), {
      code: "MODULE_NOT_FOUND",
    });
  }
}

/** A module of the user's: a script, or the text of a JSON file. */
export type StoredModule =
  | StoredScript
  | { readonly id: string; readonly run: undefined; readonly json: string };

/** The files that a module specifier may mean, in the order in which they are tried. */
export function moduleCandidates(
  root: string,
  domain: string,
  specifier: string,
  from: string,
): string[] {
  const url = /^[a-z]+:/.test(specifier) ? specifier : `local:///${specifier}`;
  const relative = /^\.\.?\//.test(specifier);
  const base = relative ? join(dirname(from), specifier) : fileOfUrl(root, domain, url);
  const inside = ["local", "config", "temporary"].some((scheme) =>
    base?.startsWith(join(directoryOf(root, domain, scheme) ?? "", "/")),
  );
  if (base === undefined || !inside) return [];
  return /\.(?:js|json)$/.test(base) ? [base] : [base, `${base}.js`, `${base}.json`];
}

/** Whether a script, or a module of the user's that it loads, could make a promise. */
function mayUsePromises(source: string): boolean {
  if (/\b(?:async|await|Promise|promisify|callbackify|import)\b/.test(source)) return true;
  return !requiresOnly(source, builtinModules);
}

/**
 * Whether a script can be told to make no promise: it has neither a word of them, nor the global
 * object under any name, nor a module that has them.
 */
function makesNoPromise(source: string): boolean {
  if (/async|await|promis|import|globalThis|\\[ux]/i.test(source)) return false;
  return requiresOnly(source, promptModules);
}

/** Whether it could need a module, or XML, that is not there from the start. */
function mayNeedModules(source: string): boolean {
  return xmlWords.test(source) || !requiresOnly(source, promptModules);
}

const xmlWords = /\b(?:XML|converter|readAsXML)\b/;

/** True when all that it requires is named in the text, and among `modules`. */
function requiresOnly(source: string, modules: ReadonlySet<string>): boolean {
  const calls = source.match(/\brequire\b/g)?.length ?? 0;
  const named = [...source.matchAll(/\brequire\s*\(\s*(['"])([\w-]+)(?:\.js)?\1\s*\)/g)];
  return named.filter((call) => modules.has(call[2]!)).length === calls;
}
