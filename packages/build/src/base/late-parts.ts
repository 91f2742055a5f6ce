import { dirname, resolve } from "node:path";
import type { OutputOptions, Plugin } from "rolldown";

/**
 * Parts that are loaded late by `requirePart(import.meta.url)("./slm.ts")`, which the bundler cannot see
 * through: each becomes a file of its own, and the call names it.
 */
export const lateParts: Plugin = {
  name: "late-parts",
  transform(code, id) {
    if (!code.includes("requirePart(import.meta.url)")) return undefined;
    return code.replace(/\brequire\("(\.[^"]+\.ts)"\)/g, (_, source: string) => {
      const part = resolve(dirname(id), source);
      const reference = this.emitFile({ type: "chunk", id: part, preserveSignature: "strict" });
      return `require(import.meta.ROLLDOWN_FILE_URL_${reference})`;
    });
  },
  resolveFileUrl: ({ relativePath }) => JSON.stringify(`./${relativePath}`),
};

/** A source's path below `src` in one word: the files of a bundle are all in one folder. */
function fileName(source: string): string {
  return source
    .replace(/^.*\/src\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", ".");
}

/** How the files of a bundle are named: entries and what is loaded late by their sources, shared parts by the bundler. */
export const bundledNames: OutputOptions = {
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: ({ name, facadeModuleId }) =>
    facadeModuleId === null ? `${name}.js` : `${fileName(facadeModuleId)}.js`,
};
