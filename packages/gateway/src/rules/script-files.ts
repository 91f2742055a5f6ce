import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileOfUrl } from "../config/locations.ts";
import type { ScriptHost } from "../script/script-host.ts";

/** Largest file that a script may write, in bytes. */
const largestWritten = 64 * 1024 * 1024;

/** Files of a domain as the module `fs` has them: what may be read, and what may be changed. */
export class ScriptFiles {
  readonly #root: string;
  readonly #domain: string;

  constructor(root: string, domain: string) {
    this.#root = root;
    this.#domain = domain;
  }

  /** What cannot be done is told with why: the system's words, or that the URL is not a script's. */
  read(...[url, done]: Parameters<ScriptHost["readFile"]>): void {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(this.#file(url, /^(?:temporary|local|config):/));
    } catch (error) {
      done((error as Error).message);
      return;
    }
    done(undefined, bytes);
  }

  write(...[url, bytes, done]: Parameters<ScriptHost["writeFile"]>): void {
    this.#change(done, () => {
      const file = this.#file(url, /^temporary:/);
      if (bytes.length > largestWritten) throw new RangeError("larger than 64 MiB");
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, bytes);
      renameSync(`${file}.new`, file);
    });
  }

  remove(...[url, done]: Parameters<ScriptHost["removeFile"]>): void {
    this.#change(done, () => rmSync(this.#file(url, /^temporary:/)));
  }

  #change(done: (error: string | undefined) => void, action: () => void): void {
    let problem: string | undefined;
    try {
      action();
    } catch (error) {
      problem = (error as Error).message;
    }
    done(problem);
  }

  #file(url: string, allowed: RegExp): string {
    const file = allowed.test(url) ? fileOfUrl(this.#root, this.#domain, url) : undefined;
    if (file === undefined) throw new Error(`${url} cannot be used here`);
    return file;
  }
}
