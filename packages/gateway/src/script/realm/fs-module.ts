import type { ScriptHost } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module fs for one run. */
export function installFs(
  kit: RealmKit,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  let partsOf: (file: object) => { readonly host: ScriptHost; readonly url: string };
  const Readable = kit.readable(
    (self, bytes) => partsOf(self).host.textOf(bytes),
    (self, then) => {
      const { host, url } = partsOf(self);
      host.readFile(url, host.later(then));
    },
  );
  class File extends Readable {
    readonly #parts: { readonly host: ScriptHost; readonly url: string };
    constructor(host: ScriptHost, url: unknown) {
      super();
      this.#parts = { host, url: String(url) };
    }
    static {
      partsOf = (file) => (file as File).#parts;
    }
  }
  interface Readers {
    readAsBuffer(done: unknown): void;
    readAsBuffers(done: unknown): void;
    readAsJSON(done: unknown): void;
    readAsXML(done: unknown): void;
  }
  kit.freeze([Readable, File]);
  const change =
    (host: ScriptHost, callback: unknown) =>
    (begin: (finish: (problem: string | undefined) => void) => void): void => {
      const done = kit.callback(callback);
      begin(
        host.later((problem?: string) =>
          done(problem === undefined ? undefined : kit.failure(codes.fileFailed, problem)),
        ),
      );
    };
  const encodingOf = (options: unknown): string | undefined => {
    const given =
      typeof options === "object" && options !== null
        ? (options as { encoding?: unknown }).encoding
        : options;
    return given === undefined || given === null ? undefined : String(given);
  };
  return (host) => {
    const file = (url: unknown): Readers => new File(host, url) as unknown as Readers;
    const write = (url: unknown, data: unknown, callback: unknown): void => {
      const { bytes } = kit.written(data);
      change(host, callback)((finish) => host.writeFile(String(url), bytes, finish));
    };
    return Object.freeze({
      exists(url: unknown, callback: unknown): void {
        const done = kit.callback(callback);
        host.readFile(
          String(url),
          host.later((problem?: string) => done(problem === undefined)),
        );
      },
      readFile(url: unknown, first: unknown, second?: unknown): void {
        const done = kit.callback(second ?? first);
        const encoding = second === undefined ? undefined : encodingOf(first);
        file(url).readAsBuffer((error: unknown, bytes: Uint8Array) => {
          const text = bytes as unknown as { toString(encoding: string): string };
          done(error, encoding === undefined || error ? bytes : text.toString(encoding));
        });
      },
      readAsBuffer: (url: unknown, done: unknown) => file(url).readAsBuffer(done),
      readAsBuffers: (url: unknown, done: unknown) => file(url).readAsBuffers(done),
      readAsJSON: (url: unknown, done: unknown) => file(url).readAsJSON(done),
      readAsXML: (url: unknown, done: unknown) => file(url).readAsXML(done),
      writeFile(url: unknown, data: unknown, first: unknown, second?: unknown): void {
        write(url, data, second ?? first);
      },
      unlink(url: unknown, callback: unknown): void {
        change(host, callback)((finish) => host.removeFile(String(url), finish));
      },
      temporary(callback?: unknown): string {
        const url = host.temporaryFile();
        if (callback !== undefined) host.later(kit.callback(callback))(undefined, url);
        return url;
      },
    });
  };
}
