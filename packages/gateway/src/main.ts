#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// in a checkout, what Node made of the sources is kept for the next start, with the installed packages
if (import.meta.url.endsWith(".ts")) {
  enableCompileCache(fileURLToPath(new URL("../../../node_modules/.cache/node", import.meta.url)));
}
const { runProcess } = await import("./run/run-process.ts");
// neither the channel to the process above nor a log that nobody reads keeps a process alive
process.exit(await runProcess());
