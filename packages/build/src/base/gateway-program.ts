import { createRequire } from "node:module";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Fault } from "@lithify/fault";
import { bundledNames, lateParts } from "./late-parts.ts";

/** Folders of our own packages in a checkout. */
export interface GatewaySources {
  /** The folder of the package @lithify/gateway. */
  readonly gatewayDirectory: string;
  /** The folder of the package @lithify/fault, which the gateway needs. */
  readonly faultDirectory: string;
}

/** The program's first file. */
export const programMain = "main.js";

/** What every start needs: this source and all that it imports go into one file. */
const start = /\/src\/run\/run-alone\.ts$/;

/**
 * The gateway as JavaScript in few files: types stripped, what every start needs in `gateway.js`, the rest
 * in files that are loaded when they are needed. Neither minified nor renamed, each part under the name of
 * its source. The same sources give the same files, wherever they are. `entry` is a source to begin with.
 * Libraries are left to be found in `node_modules`.
 * @throws Fault BASE_INCOMPLETE when the bundler is not installed or cannot make it
 */
export async function bundleGateway(
  { gatewayDirectory, faultDirectory }: GatewaySources,
  entry = join(gatewayDirectory, "src", "main.ts"),
): Promise<ReadonlyMap<string, string>> {
  const { rolldown } = await bundler();
  try {
    await using bundle = await rolldown({
      cwd: gatewayDirectory,
      input: { main: entry },
      platform: "node",
      tsconfig: false,
      resolve: { alias: { "@lithify/fault": join(faultDirectory, "src", "index.ts") } },
      external: (name) => !/^(?:[./]|@lithify\/)/.test(name),
      plugins: [lateParts],
      logLevel: "silent",
    });
    const { output } = await bundle.generate({
      ...bundledNames,
      codeSplitting: { groups: [{ name: "gateway", test: start }] },
    });
    return new Map(
      output.flatMap((file) => ("code" in file ? [[file.fileName, inAscii(file.code)]] : [])),
    );
  } catch (error) {
    throw new Fault("BASE_INCOMPLETE", `the gateway's program from ${gatewayDirectory}`, {
      why: stripVTControlCharacters((error as Error).message),
      cause: error,
    });
  }
}

/** A text with one letter beyond Latin-1 takes two bytes a letter in memory: all such become escapes. */
function inAscii(code: string): string {
  const escaped = (unit: string): string =>
    `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return code.replace(/[\u0080-\uffff]/g, escaped);
}

/** Which bundler makes the program; changes when the same sources would give other files. */
export function bundlerVersion(): string {
  try {
    const require = createRequire(import.meta.url);
    return (require("rolldown/package.json") as { version: string }).version;
  } catch (cause) {
    throw noBundler(cause);
  }
}

/** Needed only where the gateway is there as sources: a published one brings its program. */
async function bundler(): Promise<typeof import("rolldown")> {
  try {
    return await import("rolldown");
  } catch (cause) {
    throw noBundler(cause);
  }
}

function noBundler(cause: unknown): Fault {
  return new Fault("BASE_INCOMPLETE", "the gateway's program", {
    why: "it is to be made from sources, and the npm package rolldown is not installed",
    hint: "install the packages of the checkout by its lock file",
    cause,
  });
}
