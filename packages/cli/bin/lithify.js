#!/usr/bin/env node
// Starts the command with a Node that is new enough. Plain JavaScript: an older Node reads this file.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const minimum = 24;

if (Number.parseInt(process.versions.node, 10) >= minimum) {
  nodeModule.enableCompileCache?.();
  const compiled = join(here, "..", "dist", "index.js");
  const source = join(here, "..", "src", "main.ts");
  const { main } = await import(pathToFileURL(existsSync(source) ? source : compiled).href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const pinned = join(here, "..", "..", "..", "node_modules", ".bin", "node");
  if (existsSync(pinned)) {
    const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const result = spawnSync(pinned, args, { stdio: "inherit" });
    process.exitCode = result.status ?? 3;
  } else {
    process.stderr.write(
      `lithify needs Node ${minimum} or newer; this is ${process.versions.node}.\n` +
        "Hint: install a newer Node, or the npm package `node` beside lithify.\n",
    );
    process.exitCode = 3;
  }
}
