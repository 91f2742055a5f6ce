import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The files of a CommonJS package, by the names under which they require each other. */
export interface LibrarySource {
  readonly entry: string;
  readonly files: ReadonlyArray<{
    readonly name: string;
    readonly path: string;
    readonly text: string;
  }>;
}

/** A file of a library, compiled as a function of the realm. */
export type LibraryFile = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
) => void;

const require = createRequire(import.meta.url);

/** The DOM: @xmldom/xmldom. */
export function domSource(): LibrarySource {
  const entry = require.resolve("@xmldom/xmldom");
  const names = ["conventions", "errors", "entities", "grammar", "sax", "dom", "dom-parser"];
  const files = names.map((name) => sourceOf(`./${name}`, join(dirname(entry), `${name}.js`)));
  return { entry: "index", files: [...files, sourceOf("index", entry)] };
}

/** XPath 1.0 over that DOM: xpath. */
export function xpathSource(): LibrarySource {
  return { entry: "xpath", files: [sourceOf("xpath", require.resolve("xpath"))] };
}

function sourceOf(name: string, path: string): LibrarySource["files"][number] {
  return { name, path, text: readFileSync(path, "utf8") };
}

/** Runs inside a realm (its text is evaluated there): evaluates a library, once. */
export function installLibrary(files: ReadonlyMap<string, LibraryFile>, entry: string): object {
  const loaded = new Map<string, { exports: object }>();
  const load = (name: string): object => {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const file = files.get(name);
    if (file === undefined) throw new Error(`no file ${name} in the library`);
    const module = { exports: {} };
    loaded.set(name, module);
    file(module.exports, load, module);
    return module.exports;
  };
  return load(entry);
}
