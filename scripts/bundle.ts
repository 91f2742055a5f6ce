import { basename, dirname, join, resolve } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import { bundledNames, lateParts } from "../packages/build/src/base/late-parts.ts";
import { root } from "./run.ts";

/**
 * The JavaScript of one package by file name, as it is published: what its door needs in few files, what is
 * loaded late in files of their own, all in one folder. Other packages are left to be found in `node_modules`, so
 * that each is there once. Neither minified nor renamed; the same sources give the same files.
 */
export async function bundlePackage(name: string): Promise<ReadonlyMap<string, string>> {
  const directory = join(root, "packages", name);
  await using bundle = await rolldown({
    cwd: directory,
    input: { index: join(directory, "src", "index.ts") },
    platform: "node",
    tsconfig: false,
    external: (wanted) => !/^[./]/.test(wanted),
    plugins: [lateParts, programsBeside],
    logLevel: "silent",
  });
  const { output } = await bundle.generate(bundledNames);
  return new Map(output.flatMap((file) => ("code" in file ? [[file.fileName, file.code]] : [])));
}

/**
 * Programs that a source starts, named by both their endings: `isSource ? "./probe.ts" : "./probe.js"`. Each
 * becomes a file of that name.
 */
const programsBeside: Plugin = {
  name: "programs-beside",
  transform(code, id) {
    for (const [, program] of code.matchAll(/\? "(\.\/[\w-]+)\.ts" : "\1\.js"/g)) {
      const file = `${resolve(dirname(id), program as string)}.ts`;
      this.emitFile({ type: "chunk", id: file, fileName: `${basename(program as string)}.js` });
    }
    return undefined;
  },
};
