import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileOfUrl } from "../config/locations.ts";
import { builtinModules } from "./builtin-modules.ts";
import type { ScriptFunction } from "./script-host.ts";

/** A script ready to run. `id` is its file. */
export interface StoredScript {
  readonly id: string;
  readonly run: ScriptFunction;
  readonly usesPromises: boolean;
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
    const usesPromises = mayUsePromises(source);
    const script = { id: `text-${hash}`, run: this.#compile(source, shownAs), usesPromises };
    if (this.#texts.size >= mostTexts) this.#texts.delete([...this.#texts.keys()][0]!);
    this.#texts.set(hash, script);
    return script;
  }

  /**
   * The module that `require(specifier)` in `from` means: `./x.js` beside the script, `local:///x`
   * or `modules/x` below the domain's `local:///`; `.js` may be left out. Throws when there is none.
   */
  module(domain: string, specifier: string, from: string): StoredScript {
    for (const candidate of moduleCandidates(this.#root, domain, specifier, from)) {
      if (statSync(candidate, { throwIfNoEntry: false })?.isFile()) {
        return this.load(candidate, specifier);
      }
    }
    throw new Error(`Cannot find module '${specifier}'`);
  }
}

/** The files that a module specifier may mean, in the order in which they are tried. */
export function moduleCandidates(
  root: string,
  domain: string,
  specifier: string,
  from: string,
): string[] {
  const base = /^\.\.?\//.test(specifier)
    ? join(dirname(from), specifier)
    : fileOfUrl(root, domain, /^[a-z]+:\//.test(specifier) ? specifier : `local:///${specifier}`);
  if (base === undefined || !base.startsWith(join(root, "/"))) return [];
  return base.endsWith(".js") ? [base] : [base, `${base}.js`];
}

/** Whether a script, or a module of the user's that it loads, could make a promise. */
function mayUsePromises(source: string): boolean {
  if (/\b(?:async|await|Promise|promisify|import)\b/.test(source)) return true;
  const calls = source.match(/\brequire\b/g)?.length ?? 0;
  const builtins = [...source.matchAll(/\brequire\s*\(\s*(['"])([\w-]+)(?:\.js)?\1\s*\)/g)];
  return builtins.filter((call) => builtinModules.has(call[2]!)).length !== calls;
}
